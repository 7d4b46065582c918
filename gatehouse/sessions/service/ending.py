"""Ending sessions. The rows decide; whatever the cache remembers is void once that is committed."""

from uuid import UUID

from sqlalchemy import Update, update

from gatehouse.accounts.service import void_changes_of_address
from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import InvalidToken
from gatehouse.sessions.errors import SessionNotFound
from gatehouse.sessions.events import OtherSessionsRevoked, SessionRevoked
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.ports import EndedSessions
from gatehouse.sessions.queries import get_session


def end_own_session(ctx: Context, *, reason: str) -> None:
    """End the session that the caller is using. Raises InvalidToken if it ended meanwhile."""
    if not _end(ctx, ctx.user_id, ctx.session_id, reason):
        raise InvalidToken


def revoke_session(ctx: Context, session_id: UUID) -> None:
    """End one of the caller's sessions, as an act of its own. Raises SessionNotFound.

    An address that was asked for until now, perhaps by that one, cannot be confirmed any more.
    """
    session = get_session(ctx, ctx.user_id, session_id)
    if not _end(ctx, ctx.user_id, session.id, "revoked"):
        raise SessionNotFound
    void_changes_of_address(ctx, ctx.user_id)
    record(ctx, SessionRevoked(user_id=ctx.user_id, session_id=session_id))


def revoke_other_sessions(ctx: Context) -> int:
    """End all sessions of the caller but the present one. Returns how many there were.

    An address that one of them asked for cannot be confirmed any more. Applications that were
    signed in to from them are signed out: their refresh tokens end with this event.
    """
    return _revoke_all(ctx, but=ctx.actor.session_id)


def revoke_all_sessions(ctx: Context) -> int:
    """The same, and the present one with them."""
    return _revoke_all(ctx, but=None)


def _revoke_all(ctx: Context, *, but: UUID | None) -> int:
    ended = end_sessions(ctx, ctx.user_id, but=but, reason="others_revoked")
    void_changes_of_address(ctx, ctx.user_id)
    event = OtherSessionsRevoked(user_id=ctx.user_id, session_id=but, ended=ended)
    record(ctx, event)
    return ended


def end_sessions(ctx: Context, user_id: UUID, *, but: UUID | None = None, reason: str) -> int:
    """End all living sessions of an account, or all but one, within the act of somebody else."""
    statement = (
        update(Session)
        .where(
            Session.user_id == user_id,
            Session.status == SessionStatus.ACTIVE,
            Session.expires_at > ctx.now,
        )
        .values(status=SessionStatus.REVOKED, ended_at=ctx.now, end_reason=reason)
    )
    if but is not None:
        statement = statement.where(Session.id != but)
    ctx.forget(user_id)
    return _ended(ctx, statement, reason)


def _end(ctx: Context, user_id: UUID, session_id: UUID, reason: str) -> bool:
    statement = (
        update(Session)
        .where(
            Session.id == session_id,
            Session.user_id == user_id,
            Session.status == SessionStatus.ACTIVE,
        )
        .values(status=SessionStatus.REVOKED, ended_at=ctx.now, end_reason=reason)
    )
    ctx.forget(user_id)
    return _ended(ctx, statement, reason) == 1


def _ended(ctx: Context, statement: Update, reason: str) -> int:
    """End sessions, and let those know who have something that ends with them."""
    ids = ctx.db.scalars(statement.returning(Session.id)).all()
    if ids:
        ctx.ports[EndedSessions](ctx, ids, reason=reason)
    return len(ids)
