"""The one gate. Every way in proves something, and then walks through the same steps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert

from gatehouse.accounts.errors import AccountNotActivated, AccountSuspended, WrongPassword
from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.queries import hold_account, password_is_of
from gatehouse.accounts.service import Proof, improve_hash, note_sign_in
from gatehouse.audit.service import record, record_attempt
from gatehouse.core.assurance import PWD, acr_of
from gatehouse.core.context import Actor, Context
from gatehouse.core.db import NOT_AWAITED
from gatehouse.core.tokens import hash_token, mint
from gatehouse.login.errors import PendingOver
from gatehouse.login.events import SignedIn, SignInRefused
from gatehouse.login.models import PendingLogin
from gatehouse.mfa.queries import Held, factors_of
from gatehouse.mfa.service import Proven, use
from gatehouse.sessions.models import Session
from gatehouse.sessions.service import open_session

WAITING = insert(PendingLogin.metadata.tables[PendingLogin.__tablename__])
PENDING = "gpl_"
WAITS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that waits for a factor, one of those that are ``held``."""

    id: UUID
    token: str
    held: Held


@dataclass(slots=True)
class Entry:
    """Somebody at the gate: what was proved, and step by step what came of it.

    ``proof`` is that of a password, ``better_hash`` what should replace its hash; ``is_recorded``
    says that the caller's own verb records the act; ``device`` is the name by which the account
    knows where it comes from, if it does; ``model`` is that of a passkey for which its maker
    vouched. ``browser`` is the one it began in, if that is how it goes on.

    One that has waited brings ``factor``, a second one that was right and is still to be used up,
    and ``end_waiting``, which says whether it may go on: once, with the password of then.
    """

    user_id: UUID
    amr: tuple[str, ...]
    remember_me: bool = False
    model: UUID | None = None
    proof: Proof | None = None
    better_hash: str | None = None
    is_recorded: bool = False
    device: str = ""
    browser: str = ""
    factor: Proven | None = None
    end_waiting: Callable[[Context], bool] | None = None
    pending: Pending | None = None
    _user: User | None = None
    _session: Session | None = None
    token: str = ""

    @property
    def user(self) -> User:
        if self._user is None:
            raise RuntimeError("The account has not been found yet.")
        return self._user

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("The session has not been opened yet.")
        return self._session


def find_account(ctx: Context, entry: Entry) -> None:
    """Hold the account, so that its suspension or a new password comes before or after us."""
    entry._user = hold_account(ctx, entry.user_id)  # noqa: SLF001
    if entry._user is None:  # noqa: SLF001
        record_attempt(ctx, SignInRefused(user_id=entry.user_id, reason="account_has_gone"))
        raise WrongPassword


def check_that_the_proof_still_holds(ctx: Context, entry: Entry) -> None:
    """The password was proved before the transaction: it must not have been changed since."""
    if entry.end_waiting is None:
        _refuse_a_password_of_before(ctx, entry)


def refuse_an_account_that_may_not(ctx: Context, entry: Entry) -> None:
    """Told only now, after a right credential: nobody else learns the state of an account."""
    status = entry.user.status
    if status is AccountStatus.ACTIVE:
        return
    _refuse_a_password_of_before(ctx, entry)  # They hear nothing more.
    record_attempt(ctx, SignInRefused(user_id=entry.user_id, reason=status.value))
    raise AccountSuspended if status is AccountStatus.SUSPENDED else AccountNotActivated


def end_the_waiting(ctx: Context, entry: Entry) -> None:
    """Of many who go on with one at once, one does."""
    if entry.end_waiting is None or entry.end_waiting(ctx):
        return
    _refuse_a_password_of_before(ctx, entry)
    raise PendingOver


def improve_the_hash(ctx: Context, entry: Entry) -> None:
    if entry.proof is not None and entry.better_hash is not None:
        improve_hash(ctx, entry.proof, entry.better_hash)


def use_up_the_factor(ctx: Context, entry: Entry) -> None:
    if entry.factor is not None:
        use(ctx, entry.factor)


def ask_for_a_second_factor(ctx: Context, entry: Entry) -> None:
    """Whoever has one is asked for it, unless they came with it. Nobody is in until then."""
    if acr_of(entry.amr) != PWD:
        return
    held = factors_of(ctx, entry.user_id)
    if held.is_any:
        entry.pending = wait_for_a_factor(ctx, entry, held)


def wait_for_a_factor(ctx: Context, entry: Entry, held: Held) -> Pending:
    """Write down who has got so far."""
    pending = Pending(uuid4(), mint(PENDING), held)
    row = {
        "id": pending.id,
        "user_id": entry.user_id,
        "browser_hash": hash_token(entry.browser) if entry.browser else None,
        "token_hash": hash_token(pending.token),
        "amr": " ".join(entry.amr),
        "proved_at": entry.proof.changed_at if entry.proof else None,
        "remember_me": entry.remember_me,
        "device": entry.device,
        "created_at": ctx.now,
        "expires_at": ctx.now + WAITS,
    }
    # Whoever loses it to a crash signs in again. An act on record along with it must last.
    ctx.db.execute(WAITING if entry.is_recorded else WAITING.returning(NOT_AWAITED), row)
    return pending


def open_the_session(ctx: Context, entry: Entry) -> None:
    entry.token, entry._session = open_session(  # noqa: SLF001
        ctx,
        entry.user_id,
        amr=entry.amr,
        model=entry.model,
        remember_me=entry.remember_me,
    )
    note_sign_in(ctx, entry.user)
    ctx.actor = Actor("user", entry.user_id, entry.session.id, ctx.now, entry.amr)


def record_the_entry(ctx: Context, entry: Entry) -> None:
    if not entry.is_recorded:
        event = SignedIn(
            user_id=entry.user_id,
            session_id=entry.session.id,
            method=" ".join(entry.amr),
            is_new_device=not entry.device,
        )
        record(ctx, event)


def _refuse_a_password_of_before(ctx: Context, entry: Entry) -> None:
    if entry.proof is None or password_is_of(ctx, entry.user_id, entry.proof.changed_at):
        return
    record_attempt(ctx, SignInRefused(user_id=entry.user_id, reason="password_was_changed"))
    raise WrongPassword


STEPS: tuple[Callable[[Context, Entry], None], ...] = (
    find_account,
    refuse_an_account_that_may_not,
    end_the_waiting,
    use_up_the_factor,
    improve_the_hash,
    ask_for_a_second_factor,
    check_that_the_proof_still_holds,
    open_the_session,
    record_the_entry,
)


def enter(ctx: Context, entry: Entry) -> Entry:
    """Walk through every step. A step that raises keeps the person out; an entry that has to wait
    goes no further.
    """
    for step in STEPS:
        step(ctx, entry)
        if entry.pending:
            break
    return entry
