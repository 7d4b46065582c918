"""One request, one transaction: what is kept, what is undone, and in which order."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.accounts.models import User
from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.audit.service import record_attempt
from gatehouse.core.cache import EPOCHS
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.errors import NoSession
from gatehouse.login.events import SignInRefused


class Refused(Exception):
    """What a service would raise."""


@pytest.fixture
def work(runtime):
    """Begin a unit of work: ``with work() as ctx``."""

    def begin(**options):
        return unit_of_work(runtime, Origin(f"test-{uuid4()}", "192.0.2.1", "tests"), **options)

    return begin


def new_user(**values) -> User:
    address = f"{uuid4().hex}@example.test"
    return User(**{"id": uuid4(), "email": address, "email_key": address, **values})


def epoch(runtime) -> int:
    with runtime.short.connect() as db:
        return db.scalar(select(EPOCHS.c.epoch))


def exists(runtime, user: User) -> bool:
    with runtime.reading() as db:
        return db.get(User, user.id) is not None


def entries(runtime, user_id) -> list[AuditEntry]:
    with runtime.reading() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.user_id == user_id)))


def test_what_returns_is_committed(runtime, work):
    user = new_user()
    with work() as ctx:
        ctx.db.add(user)

    assert exists(runtime, user)


def test_what_raises_is_undone(runtime, work):
    user = new_user()

    with pytest.raises(Refused), work() as ctx:
        ctx.db.add(user)
        ctx.db.flush()
        raise Refused

    assert not exists(runtime, user)


@pytest.mark.parametrize("error", [Refused, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_is_raised_undoes_the_work_and_goes_on(runtime, work, error):
    user = new_user()

    with pytest.raises(error), work() as ctx:
        ctx.db.add(user)
        ctx.db.flush()
        raise error

    assert not exists(runtime, user)


def test_an_attempt_survives_a_refusal(runtime, work):
    """Threat 208."""
    user_id, user = uuid4(), new_user()

    with pytest.raises(Refused), work() as ctx:
        ctx.db.add(user)
        ctx.db.flush()
        record_attempt(ctx, SignInRefused(user_id=user_id, reason="wrong_password"))
        raise Refused

    (entry,) = entries(runtime, user_id)
    assert not exists(runtime, user)
    assert (entry.success, entry.ip) == (False, "192.0.2.1")
    assert entry.request_id == ctx.origin.request_id


def test_an_attempt_is_kept_once_when_nothing_is_refused(runtime, work):
    user_id = uuid4()
    with work() as ctx:
        record_attempt(ctx, SignInRefused(user_id=user_id, reason="wrong_password"))

    assert len(entries(runtime, user_id)) == 1


@contextmanager
def note_on_error(notes, runtime, user):
    """Note whether the user is there at the moment at which the error comes by."""
    try:
        yield
    except Refused:
        notes.append(exists(runtime, user))
        raise


def test_what_was_registered_for_a_refusal_runs_and_is_committed_before_the_error_goes_on(
    runtime, work
):
    """Ruling 1: the answer leaves only after it was committed."""
    user, seen = new_user(), []

    def after(ctx):
        seen.append(ctx.actor)
        ctx.db.add(user)

    was_committed = []
    with pytest.raises(Refused), note_on_error(was_committed, runtime, user):  # noqa: SIM117
        with work(actor=Actor("job")) as ctx:
            ctx.after_refusal(after)
            raise Refused

    assert was_committed == [True]
    assert seen == [Actor("job")]


def test_what_was_registered_for_a_refusal_does_not_run_after_a_success(work):
    ran = []
    with work() as ctx:
        ctx.after_refusal(ran.append)

    assert ran == []


def test_what_runs_after_a_refusal_sees_the_work_undone(runtime, work):
    user, seen = new_user(), []

    with pytest.raises(Refused), work() as ctx:
        ctx.db.add(user)
        ctx.db.flush()
        ctx.after_refusal(lambda again: seen.append(again.db.get(User, user.id)))
        raise Refused

    assert seen == [None]


def test_a_commit_that_fails_is_a_refusal_too(runtime, work):
    user, other, user_id = new_user(), new_user(), uuid4()
    with work() as ctx:
        ctx.db.add(user)
    other.email_key = user.email_key

    with pytest.raises(IntegrityError), work() as ctx:
        ctx.db.add(other)
        record_attempt(ctx, SignInRefused(user_id=user_id, reason="wrong_password"))

    assert len(entries(runtime, user_id)) == 1


class NotingCache:
    """Notes what it is asked, and what another session sees at that moment."""

    def __init__(self, runtime, user):
        self.runtime, self.user, self.asked, self.holds = runtime, user, [], True

    def hold(self, owners):
        self._note("hold", owners)
        return "!held" if self.holds else None

    def forget(self, owners, hold):
        assert hold == "!held"
        self._note("forget", owners)

    def freshen(self, owners, hold=""):
        self._note("freshen", owners)

    def outwait(self):
        self._note("outwait", ())

    def _note(self, verb, owners):
        is_committed = exists(self.runtime, self.user)
        self.asked.append((verb, sorted(owners), is_committed))


@pytest.fixture
def noting(runtime):
    """A runtime whose cache only takes notes, and the user it looks for."""
    user = new_user()
    cache = NotingCache(runtime, user)
    return replace(runtime, cache=cache), cache, user


def test_the_cache_is_held_before_the_commit_and_forgets_after_it(noting):
    """Threat 82: before the commit another worker would fill it from the old row, and a worker
    that dies right after it would leave the old entry behind.
    """
    runtime, cache, user = noting
    who = [str(user.id)]
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(user)
        ctx.forget(user.id)
        ctx.forget(user.id, user.id)
        assert cache.asked == []

    assert cache.asked == [("hold", who, False), ("forget", who, True)]


def test_a_hold_that_is_not_acknowledged_raises_the_epoch_in_the_same_transaction(noting):
    runtime, cache, user = noting
    cache.holds = False
    before = epoch(runtime)
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(user)
        ctx.forget(user.id)

    assert cache.asked == [("hold", [str(user.id)], False), ("outwait", [], True)]
    assert epoch(runtime) > before


def test_what_is_only_freshened_is_not_waited_for(noting):
    runtime, cache, user = noting
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add(user)
        ctx.freshen(user.id)

    assert cache.asked == [("freshen", [str(user.id)], True)]


def test_the_cache_forgets_nothing_that_was_undone(noting):
    runtime, cache, _ = noting

    with pytest.raises(Refused), unit_of_work(runtime, Origin()) as ctx:
        ctx.forget(uuid4())
        raise Refused

    assert cache.asked == []


def test_a_commit_that_fails_lets_go_of_what_was_held(noting):
    runtime, cache, user = noting
    with pytest.raises(IntegrityError), unit_of_work(runtime, Origin()) as ctx:
        ctx.db.add_all([user, new_user(email_key=user.email_key)])
        ctx.forget(user.id)

    assert [verb for verb, *_ in cache.asked] == ["hold", "freshen"]


def test_the_cache_forgets_what_a_refusal_changed(noting):
    runtime, cache, user = noting

    def end_all(again):
        again.db.add(user)
        again.forget(user.id)

    with pytest.raises(Refused), unit_of_work(runtime, Origin()) as ctx:
        ctx.after_refusal(end_all)
        raise Refused

    assert [verb for verb, *_ in cache.asked] == ["hold", "forget"]


def test_a_glance_reads_before_the_transaction_begins(work, make):
    user = make.user()

    with work() as ctx:
        found = ctx.glance(select(User.email).where(User.id == user.id))
        assert not ctx.db.in_transaction()
        assert ctx.glance(select(User.email).where(User.id == uuid4())) is None

    assert found.email == user.email


def test_a_glance_is_refused_once_the_transaction_has_begun(work):
    with work() as ctx:
        ctx.db.scalar(select(func.count()).select_from(User))

        with pytest.raises(RuntimeError, match="transaction has begun"):
            ctx.glance(select(User.id))
        with pytest.raises(RuntimeError, match="transaction has begun"):
            ctx.stay_out_of_the_transaction()


def test_execute_tells_how_many_rows_were_hit(work, make):
    user = make.user()
    rename = update(User).values(full_name="Ada")

    with work() as ctx:
        assert ctx.execute(rename.where(User.id == user.id)) == 1
        assert ctx.execute(rename.where(User.id == uuid4())) == 0


def test_now_is_one_moment_in_utc(work):
    with work() as ctx:
        assert ctx.now is ctx.now
        assert ctx.now.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(("what", "error"), [("user_id", RuntimeError), ("session_id", NoSession)])
def test_an_anonymous_caller_has_no_id_and_no_session(work, what, error):
    with work() as ctx, pytest.raises(error):
        getattr(ctx, what)


def is_write_locked(url: str) -> bool:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    else:
        connection.execute("ROLLBACK")
        return False
    finally:
        connection.close()


@pytest.mark.only_on("sqlite")  # PostgreSQL has no such lock.
@pytest.mark.parametrize("reads_only", [True, False])
def test_on_sqlite_only_what_may_write_takes_the_write_lock(work, backend, reads_only):
    with work(reads_only=reads_only) as ctx:
        assert not is_write_locked(backend["DATABASE_URL"])
        ctx.db.scalar(select(func.count()).select_from(User))

        assert is_write_locked(backend["DATABASE_URL"]) is not reads_only


def test_of_many_who_compare_and_set_one_succeeds(runtime, work, make):
    """The database decides races."""
    user = make.user()
    claim = (
        update(User)
        .where(User.id == user.id, User.full_name.is_(None))
        .values(full_name="taken")
        .execution_options(synchronize_session=False)
    )

    def try_it(_number: int) -> int:
        with work() as ctx:
            return ctx.execute(claim)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(16))) == 1


def test_what_waits_for_the_commit_comes_after_it_and_only_then(runtime, work):
    label = AuditSubject(id=uuid4(), kind="user", label="x")
    seen = []

    with work() as ctx:
        ctx.after_commit(lambda: seen.append(is_there(runtime, label.id)))
        ctx.db.add(label)
    with pytest.raises(Refused), work() as ctx:
        ctx.after_commit(lambda: seen.append("refused"))
        raise Refused

    assert seen == [True]


def is_there(runtime, label_id) -> bool:
    with runtime.reading() as db:
        return db.get(AuditSubject, label_id) is not None
