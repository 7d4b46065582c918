"""Statements that the driver runs itself: the same rows and the same errors as by SQLAlchemy."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from uuid import uuid4

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    event,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.db import TZDateTime, commits_each, words
from gatehouse.core.prepared import Prepared, inserting
from gatehouse.core.runtime import Runtime


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


THINGS = Table(
    "things_of_tests",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("colour", words(Colour)),
    Column("made_at", TZDateTime),
    Column("parts", JSON),
    Column("blob", LargeBinary),
    Column("size", BigInteger),
    Column("is_new", Boolean),
    Column("name", String(50), unique=True),
)
NAMES = [column.name for column in THINGS.c]
PUT_IN = inserting(THINGS, NAMES)
BY_ID = Prepared(
    select(THINGS, exists().where(THINGS.c.size > 5).label("has_large")).where(
        THINGS.c.id == bindparam("id"), THINGS.c.colour == Colour.GREEN
    )
)
ALL = Prepared(select(THINGS.c.name, THINGS.c.colour).order_by(THINGS.c.name))
GROW = update(THINGS).where(THINGS.c.id == bindparam("thing")).values(size=THINGS.c.size + 1)
GROWN, GROWN_TO = Prepared(GROW), Prepared(GROW.returning(THINGS.c.size))
HALF_PAST = datetime(2026, 11, 1, 12, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=3)))


@pytest.fixture
def there(runtime: Runtime) -> Iterator[Runtime]:
    THINGS.create(runtime.engine)
    yield runtime
    THINGS.drop(runtime.engine)


def thing(**changes):
    return {
        "id": uuid4(),
        "colour": Colour.GREEN,
        "made_at": HALF_PAST,
        "parts": {"of": ["wood", None, "ü"]},
        "blob": b"\x00\xff",
        "size": 2**40,
        "is_new": True,
        "name": "a",
        **changes,
    }


def nothing(**changes):
    return dict.fromkeys(NAMES) | {"id": uuid4(), "colour": Colour.GREEN} | changes


def test_a_row_is_what_sqlalchemy_makes_of_it(there):
    with there.short.connect() as db:
        for values in (thing(), nothing()):
            assert PUT_IN.count(db, values) == 1
            found = BY_ID.first(db, {"id": values["id"]})
            assert tuple(found) == tuple(db.execute(BY_ID.statement, {"id": values["id"]}).one())
            assert found[:-1] == tuple(values[name] for name in NAMES)
            assert [type(cell) for cell in found[:-1]] == [type(values[name]) for name in NAMES]
            assert (found.id, found.name, found.has_large) == (found[0], values["name"], True)
            if found.made_at is not None:
                assert found.made_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "parts", [{"n": 2**70}, {"half a pair": "\ud83d"}, [], {}, "a", 1.5, [True, None]], ids=str
)
def test_all_that_json_can_say_is_kept(there, parts):
    with there.short.connect() as db:
        values = thing(parts=parts)
        PUT_IN.count(db, values)
        assert BY_ID.first(db, {"id": values["id"]}).parts == parts


def test_none_some_and_how_many(there):
    with there.short.connect() as db:
        assert (BY_ID.first(db, {"id": uuid4()}), ALL.all(db, {})) == (None, [])
        values = thing(size=1)
        PUT_IN.count(db, values)
        PUT_IN.count(db, thing(name="b", colour=Colour.RED))
        assert [tuple(row) for row in ALL.all(db, {})] == [("a", Colour.GREEN), ("b", Colour.RED)]
        assert GROWN.count(db, {"thing": values["id"]}) == 1
        assert GROWN_TO.first(db, {"thing": values["id"]}).size == 3
        assert GROWN.count(db, {"thing": uuid4()}) == 0


def test_it_is_of_the_transaction(there):
    with there.writing() as session:
        PUT_IN.count(session.connection(), thing())
        session.rollback()
    with there.writing() as session:
        PUT_IN.count(session.connection(), thing(name="kept"))
        session.commit()

    with there.short.connect() as db:
        assert [row.name for row in ALL.all(db, {})] == ["kept"]
        PUT_IN.count(db, thing(name="at once"))
        with there.reading() as other:
            assert len(ALL.all(other.connection(), {})) == 2


def test_what_the_database_refuses_is_the_same_error(there):
    with there.writing() as session:
        PUT_IN.count(session.connection(), thing())
        with pytest.raises(IntegrityError) as refused:
            PUT_IN.count(session.connection(), thing())
        assert not refused.value.connection_invalidated
        assert "wood" not in str(refused.value)
        session.rollback()
        assert ALL.all(session.connection(), {}) == []


def test_a_value_that_is_missing_is_a_mistake(there):
    with there.short.connect() as db, pytest.raises((KeyError, StatementError), match="id"):
        BY_ID.first(db, {})


@pytest.mark.only_on("postgresql")
def test_a_list_of_values_is_refused(there):
    several = THINGS.c.size.in_(bindparam("those", expanding=True))
    those = Prepared(select(THINGS.c.id).where(several))
    with there.short.connect() as db, pytest.raises(TypeError, match="each time"):
        those.all(db, {"those": [1]})


def test_whoever_listens_hears_of_it(there):
    heard = []
    listening = (there.engine, "before_cursor_execute", lambda *told: heard.append(told[2]))
    event.listen(*listening)
    try:
        with there.reading() as session:
            ALL.all(session.connection(), {})
        with there.short.connect() as db:
            ALL.all(db, {})
    finally:
        event.remove(*listening)
    assert [said.split()[0] for said in heard if "things_of_tests" in said] == ["SELECT"] * 2


@pytest.mark.only_on("postgresql")
def test_after_a_restart_no_connection_of_before_is_used(make_app):
    runtime = make_app().extensions["gatehouse"]
    whoami = Prepared(select(func.pg_backend_pid().label("pid")))
    with runtime.short.connect() as one, runtime.short.connect() as two:
        pids = [whoami.first(db, {}).pid for db in (one, two)]
    with runtime.short.connect() as killer:
        own = whoami.first(killer, {}).pid
        for pid in {*pids} - {own}:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    refused = []
    for _ in range(3):
        try:
            with unit_of_work(runtime, Origin()) as ctx:
                whoami.first(ctx.wire, {})
        except DBAPIError as error:
            refused.append(error.connection_invalidated)

    assert refused == [True]


def test_looking_comes_before_the_transaction(there):
    with unit_of_work(there, Origin()) as ctx:
        ctx.look()
        wire = ctx.wire
        assert commits_each(wire)
        assert ctx.wire is wire
        ctx.db.connection()
        assert ctx.wire is not wire
        with pytest.raises(RuntimeError, match="begun"):
            ctx.look()
