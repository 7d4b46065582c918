"""Opening sessions, and keeping them alive."""

from datetime import datetime, timedelta
from uuid import UUID

from gatehouse.core.access import ELEVATION
from gatehouse.core.assurance import MFA, PWD, SECOND, acr_of
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken, StepUpRequired
from gatehouse.core.headers import network_of
from gatehouse.core.tokens import SESSION, hash_token, mint
from gatehouse.sessions.errors import SessionNotFound
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.queries import get_session
from gatehouse.sessions.rules import slid


def open_session(
    ctx: Context,
    user_id: UUID,
    *,
    amr: tuple[str, ...],
    model: UUID | None = None,
    remember_me: bool = False,
) -> tuple[str, Session]:
    """Open a session and return its token with it; only the token's hash is stored.

    ``model`` is that of an attested passkey that was used, as in the row.
    ``remember_me`` counts if the operator has set the SESSION_REMEMBER_ times.
    """
    idle, absolute = _lifetimes(ctx, remember_me=remember_me)
    token = mint(SESSION)
    ends_at = ctx.now + absolute
    session = Session(
        user_id=user_id,
        token_hash=hash_token(token),
        created_at=ctx.now,
        last_seen_at=ctx.now,
        auth_time=ctx.now,
        mfa_time=ctx.now if acr_of(amr) != PWD else None,
        expires_at=slid(ctx.now, idle, ends_at),
        ends_at=ends_at,
        idle_seconds=int(idle.total_seconds()),
        amr=" ".join(amr),
        model=model,
        ip=ctx.origin.ip,
        network=network_of(ctx.origin.ip),
        user_agent=ctx.origin.user_agent,
    )
    ctx.db.add(session)
    ctx.db.flush()
    return token, session


def remember_device(ctx: Context, user_id: UUID, *, reason: str) -> None:
    """Let the account know the network and the program of this request, as if it had just signed
    in from there and out again. Opens nothing: nobody has the token.
    """
    _, session = open_session(ctx, user_id, amr=())
    session.status, session.ended_at = SessionStatus.REVOKED, ctx.now
    session.expires_at = session.ends_at = ctx.now
    session.end_reason = reason


def refresh(ctx: Context) -> datetime:
    """Slide the caller's own session, and write it down at once. Returns when it expires now."""
    session = _own(ctx)
    idle = timedelta(seconds=session.idle_seconds)
    session.expires_at = slid(ctx.now, idle, session.ends_at)
    session.last_seen_at = ctx.now
    ctx.freshen(session.user_id)
    return session.expires_at


def confirm(ctx: Context, *, amr: tuple[str, ...], model: UUID | None = None) -> Session:
    """Note that the caller has just proved again who they are: the same session, a new time."""
    session = _own(ctx)
    session.auth_time = ctx.now
    session.model = model or session.model
    if SECOND & set(amr):
        session.mfa_time = ctx.now
    session.amr = " ".join(dict.fromkeys([*session.amr.split(), *amr]))
    ctx.freshen(session.user_id)
    return session


def refuse_without_a_fresh_factor(ctx: Context) -> None:
    """Raise StepUpRequired unless this session has proved more than a password in the last 10
    minutes.
    """
    proved = _own(ctx).mfa_time
    if proved is None or ctx.now - proved > ELEVATION:
        raise StepUpRequired(acr_values=MFA, max_age=int(ELEVATION.total_seconds()))


def renew_token(ctx: Context) -> tuple[str, datetime | None]:
    """The SessionRenewal port: the same session under a new token. The old one is dead at once."""
    session = _own(ctx)
    token = mint(SESSION)
    session.token_hash = hash_token(token)
    ctx.forget(session.user_id)
    return token, remembered_until(ctx, session)


def remembered_until(ctx: Context, session: Session) -> datetime | None:
    """Until when a browser keeps the token, if that is longer than it is open."""
    idle = ctx.settings.sessions.remember_idle
    is_remembered = idle is not None and session.idle_seconds == int(idle.total_seconds())
    return session.ends_at if is_remembered else None


def _own(ctx: Context) -> Session:
    """The session that carries this request, unless it has ended meanwhile."""
    try:
        return get_session(ctx, ctx.user_id, ctx.session_id)
    except SessionNotFound:
        raise InvalidToken from None


def _lifetimes(ctx: Context, *, remember_me: bool) -> tuple[timedelta, timedelta]:
    times = ctx.settings.sessions
    if remember_me and times.remember_idle and times.remember_absolute:
        return times.remember_idle, times.remember_absolute
    return times.idle, times.absolute
