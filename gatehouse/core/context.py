"""One unit of work: who is acting, since when, from where, in which transaction."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVarTuple
from uuid import UUID

from sqlalchemy import Connection, Executable, Row, Select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gatehouse.core.cache import RAISED, OwnedCache
from gatehouse.core.errors import ChangedButRemembered, NoSession
from gatehouse.core.events import Event
from gatehouse.core.leases import RAISED as ENDED
from gatehouse.core.leases import outwait
from gatehouse.core.outside import Ports
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import Settings

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``kind`` is anonymous, user, operator or job.

    ``auth_time`` is when they last proved who they are. ``client_row_id`` is the application that
    calls for them, with an access token; ``family_id`` the refresh tokens that this came of.
    """

    kind: str = "anonymous"
    user_id: UUID | None = None
    session_id: UUID | None = None
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    client_row_id: UUID | None = None
    family_id: UUID | None = None


ANONYMOUS = Actor()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. ``ip`` is the true client address, see ``headers.py``."""

    request_id: str = "-"
    ip: str | None = None
    user_agent: str | None = None


class AttemptLog(Protocol):
    """Writes what must be remembered although the work itself was undone."""

    def __call__(self, ctx: "Context", events: list[Event]) -> None: ...


@dataclass(slots=True)
class Context:
    """What every service function gets first. ``now`` is the only clock of a request.

    ``keeps_answer`` says that the answer is stored with the act (Idempotency-Key).
    ``told_to_stop`` is asked by a job that does many things: whether it shall begin nothing more.
    """

    runtime: Runtime
    sessions: Callable[[], Session]
    actor: Actor = ANONYMOUS
    origin: Origin = Origin()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    attempts: list[Event] = field(default_factory=list)
    recorded: list[Event] = field(default_factory=list)
    told_to_stop: Callable[[], bool] = lambda: False
    keeps_answer: bool = False
    _after_refusal: list[Callable[["Context"], None]] = field(default_factory=list)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)
    _ends_leases: bool = False
    _forgotten: set[UUID] = field(default_factory=set)
    _freshened: set[UUID] = field(default_factory=set)
    _db: Session | None = None
    _single: Connection | None = None

    @property
    def db(self) -> Session:
        """The database session of this unit of work, opened when it is first asked for."""
        self._close_single()  # Nobody holds two: all of them together might wait for more.
        if self._db is None:
            self._db = self.sessions()
        return self._db

    @property
    def single(self) -> Session | Connection:
        """What commits every statement as it ends, or the transaction if one has begun.

        For statements of tables, which say themselves what of removed rows. An act that changes a
        row so does it by its last statement: nothing that comes later undoes it.
        """
        if self._db is not None and self._db.in_transaction():
            return self._db
        self._single = self._single or self.runtime.short.connect()
        return self._single

    @property
    def last_wire(self) -> Connection | None:
        """What commits each statement, for the one that an act consists of and ends with. None if
        more happens with it: then a transaction holds all of it together.
        """
        if self._single is None or self.keeps_answer or self._forgotten or self._ends_leases:
            return None
        return self._single

    @property
    def wire(self) -> Connection:
        """What statements of tables run on: the transaction, with all that was changed so far; or,
        between ``look`` and the transaction, what keeps none open.
        """
        if self._single is not None:
            return self._single
        self.db.flush()
        return self.db.connection()

    def look(self) -> None:
        """Begin with looking around: no transaction is there before something asks for ``db``."""
        self.stay_out_of_the_transaction()
        self._single = self._single or self.runtime.short.connect()

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    @property
    def ports(self) -> Ports:
        return self.runtime.ports

    @property
    def user_id(self) -> UUID:
        """The signed-in caller. For routes that declare that there is one."""
        if self.actor.user_id is None:
            raise RuntimeError("This route lets anonymous callers in.")
        return self.actor.user_id

    @property
    def session_id(self) -> UUID:
        """The session that carries the request. Raises NoSession if an access token does that has
        none.
        """
        if self.actor.session_id is None:
            raise NoSession
        return self.actor.session_id

    def glance(self, statement: Select[*Columns], **values: Any) -> Row[*Columns] | None:
        """Read one row in a short statement of its own, before the transaction begins.

        For what must come before something slow, such as the hash of a password; the transaction
        then checks by compare-and-set that nothing has changed.
        """
        self.stay_out_of_the_transaction()
        with self.runtime.short.connect() as db:
            return db.execute(statement, values).first()

    def stay_out_of_the_transaction(self) -> None:
        """Refuse slow work, and statements of their own, once the transaction has begun."""
        if self._db is not None and self._db.in_transaction():
            raise RuntimeError("The transaction has begun: this comes before it.")

    def leave_the_transaction(self) -> None:
        """Give the connection back before something slow, in an act that has only read so far.

        What was read must be read again after it, what the caller may do, too.
        """
        if self.recorded or self._ends_leases:
            raise RuntimeError("Something was changed already.")
        if self._db is not None:
            self._db.close()

    def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Run an UPDATE or DELETE and return how many rows it hit: the database decides races."""
        count: int = self.db.execute(statement, values).rowcount  # type: ignore[attr-defined]
        return count

    def after_refusal(self, function: Callable[["Context"], None]) -> None:
        """Run ``function(ctx)`` in a transaction of its own if this one is rolled back."""
        self._after_refusal.append(function)

    def after_commit(self, function: Callable[[], None]) -> None:
        """Run ``function()`` once this unit of work is committed. It must not raise."""
        self._after_commit.append(function)

    def outwait_leases(self) -> None:
        """Let the answer wait until no worker goes by what this act has ended."""
        if not self._ends_leases:
            self._ends_leases = True
            self._after_commit.append(self._end_leases)

    def _end_leases(self) -> None:
        self.runtime.leases.drop()
        outwait()

    def forget(self, *user_ids: UUID) -> None:
        """Void what the cache remembers of these accounts. The answer leaves when that holds."""
        self._forgotten.update(user_ids)

    def freshen(self, *user_ids: UUID) -> None:
        """The same for what refuses nobody: if Redis is away, it may be told a minute late."""
        self._freshened.update(user_ids)

    def _commit(self) -> None:
        if self.attempts:
            self.ports[AttemptLog](self, self.attempts)
        if self._ends_leases:  # Last, because everybody who ends something wants this row.
            self.db.execute(ENDED)
        cache = self.runtime.cache
        if cache is None or not (self._forgotten or self._freshened):
            self._commit_rows()
        elif self._forgotten:
            self._commit_and_forget(cache, [str(user_id) for user_id in self._forgotten])
        else:
            self._commit_rows()
            cache.freshen(str(user_id) for user_id in self._freshened)
        if self.recorded:
            self._count()

    def _count(self) -> None:
        """Count what is on record now. The reason of a refusal is a word of ours."""
        metrics = self.runtime.metrics
        if metrics is None:
            return
        for event in self.recorded:
            reason = getattr(event, "reason", "") if event.is_refusal else ""
            metrics.count("event", event.name, reason)

    def _commit_rows(self) -> None:
        if self._db is not None:
            self._db.commit()

    def _commit_and_forget(self, cache: OwnedCache, owners: list[str]) -> None:
        """Hold, commit, let go: at no moment does anybody believe what the rows do not say."""
        hold = cache.hold(owners)
        if hold is None:
            self.db.execute(RAISED)
        try:
            self._commit_rows()
        except SQLAlchemyError:
            cache.freshen(owners, hold or "")
            raise
        if hold is None:
            cache.outwait()
            return
        try:
            cache.forget(owners, hold)
        except SQLAlchemyError as error:
            raise ChangedButRemembered from error

    def _close(self) -> None:
        """Roll back what was not committed, and give the connection back."""
        if self._db is not None:
            self._db.close()
        self._close_single()

    def _close_single(self) -> None:
        single, self._single = self._single, None
        if single is not None:
            single.close()

    def _remember_the_refusal(self) -> None:
        """Write what outlasts a refusal, in a transaction of its own."""
        if not self.attempts and not self._after_refusal:
            return
        again = replace(
            self,
            sessions=self.runtime.writing,
            recorded=[],
            _after_commit=[],
            _ends_leases=False,
            _db=None,
            _single=None,
            _forgotten=set(),
            _freshened=set(),
        )
        try:
            for function in self._after_refusal:
                function(again)
            again._commit()  # noqa: SLF001
            for last in again._after_commit:  # noqa: SLF001
                last()
        finally:
            again._close()  # noqa: SLF001


@contextmanager
def unit_of_work(
    runtime: Runtime, origin: Origin, actor: Actor = ANONYMOUS, *, reads_only: bool = False
) -> Iterator[Context]:
    """Commit if the body returns, roll back if it raises, never anything else.

    What must stay on record after a refusal is written last, in a transaction of its own, and
    before the answer leaves. So is what the cache must forget.
    """
    sessions: Callable[[], Session] = runtime.reading if reads_only else runtime.writing
    ctx = Context(runtime=runtime, sessions=sessions, actor=actor, origin=origin)
    try:
        yield ctx
        ctx._commit()  # noqa: SLF001 - the context is this module's own
        for function in ctx._after_commit:  # noqa: SLF001
            function()
    except BaseException:
        ctx._close()  # noqa: SLF001
        ctx._remember_the_refusal()  # noqa: SLF001
        raise
    finally:
        ctx._close()  # noqa: SLF001
