"""What the table does beyond what every store promises: counts with a wait, and transactions."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from gatehouse.core.db import NOT_AWAITED
from gatehouse.core.store import EPHEMERAL, SqlStore
from tests.contracts.test_store import CROWD, LONG, PAST_SHORT, SHORT, at_once, key, sleep
from tests.statements import statements_of

__all__ = ["key"]

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite_engine", "postgresql_engine"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def guards(engine: Engine) -> SqlStore:
    return SqlStore(engine)


@pytest.fixture
def transaction(engine: Engine) -> Iterator[Session]:
    with Session(engine) as db:
        yield db


def test_nothing_is_counted_while_one_has_to_wait(guards: SqlStore, key: str):
    wait = f"{key}:wait"
    assert [guards.count_unless(key, LONG, there=wait) for _ in range(2)] == [1, 2]

    guards.put(wait, b"", LONG)
    assert [guards.count_unless(key, LONG, there=wait) for _ in range(2)] == [0, 0]

    guards.delete(wait)
    assert guards.count_unless(key, LONG, there=wait) == 3


def test_a_wait_that_is_over_is_none(guards: SqlStore, key: str):
    wait = f"{key}:wait"
    guards.put(wait, b"", SHORT)
    sleep(PAST_SHORT)

    assert guards.count_unless(key, LONG, there=wait) == 1


def test_a_count_that_is_over_begins_anew(guards: SqlStore, key: str):
    for_both = 5 * SHORT  # The second comes before the first is over, on a busy machine as well.
    assert [guards.count_unless(key, for_both, there="none") for _ in range(2)] == [1, 2]
    sleep(for_both + PAST_SHORT)

    assert guards.count_unless(key, LONG, there="none") == 1


def test_of_many_at_once_none_is_lost(guards: SqlStore, key: str):
    counts = at_once(lambda: guards.count_unless(key, LONG, there="none"))

    assert sorted(counts) == list(range(1, CROWD + 1))


def test_what_a_transaction_forgets_is_back_if_it_fails(
    guards: SqlStore, transaction: Session, key: str
):
    guards.count(key, LONG)

    guards.delete(key, within=transaction)
    transaction.rollback()
    assert guards.count(key, LONG)[0] == 2

    guards.delete(key, within=transaction)
    transaction.commit()
    assert guards.count(key, LONG)[0] == 1


def test_what_begins_anew_while_the_old_is_purged_stays(postgresql_engine: Engine, key: str):
    guards = SqlStore(postgresql_engine)
    guards.count(key, SHORT)
    sleep(PAST_SHORT)

    with ThreadPoolExecutor(1) as pool, Session(postgresql_engine) as anew:
        ends = EPHEMERAL.c.expires_at + 1000 * LONG
        anew.execute(update(EPHEMERAL).where(EPHEMERAL.c.key == key).values(expires_at=ends))
        purged = pool.submit(guards.purge)
        sleep(PAST_SHORT)
        anew.commit()
        purged.result(LONG)

    assert guards.count(key, LONG)[0] == 2


def test_only_the_end_of_that_transaction_is_not_awaited(postgresql_engine: Engine):
    """Whatever the connection does next waits for the disk again."""
    says = text("SHOW synchronous_commit")
    with postgresql_engine.connect() as db:
        usual = db.scalar(says)
        db.commit()

        db.execute(select(NOT_AWAITED))
        assert db.scalar(says) == "off"
        db.commit()

        assert db.scalar(says) == usual


@pytest.mark.parametrize("name", ["count", "count_unless", "delete"])
def test_a_count_does_not_wait_for_the_disk_and_a_value_does(
    postgresql_engine: Engine, key: str, name: str
):
    guards = SqlStore(postgresql_engine)
    call = {
        "count": lambda: guards.count(key, LONG),
        "count_unless": lambda: guards.count_unless(key, LONG, there="none"),
        "delete": lambda: guards.delete(key),
    }[name]

    with statements_of(SimpleNamespace(engine=postgresql_engine), but=()) as sent:
        call()
        guards.put(key, b"", LONG)
        guards.take(key)

    assert ["synchronous_commit" in one for one in sent] == [True, False, False]
