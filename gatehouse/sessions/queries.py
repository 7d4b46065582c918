"""Reading sessions. Every query is bound to one account."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.context import Context
from gatehouse.sessions.errors import SessionNotFound
from gatehouse.sessions.models import Session, SessionStatus

REMEMBERED = timedelta(days=90)
MOST_LISTED = 200

# The hot path: one indexed SELECT, built once.
BY_TOKEN = (
    select(
        Session.id,
        Session.user_id,
        Session.expires_at,
        Session.ends_at,
        Session.idle_seconds,
        Session.auth_time,
        Session.amr,
    )
    .join(User, User.id == Session.user_id)
    .where(
        Session.token_hash == bindparam("token_hash"),
        Session.status == SessionStatus.ACTIVE,
        Session.expires_at > bindparam("now"),
        User.status == AccountStatus.ACTIVE,
        User.deleted_at.is_(None),
    )
)


def sessions_of(user_id: UUID, now: datetime) -> Select[Any]:
    """The living sessions of an account, the newest first."""
    return (
        select(Session)
        .where(
            Session.user_id == user_id,
            Session.status == SessionStatus.ACTIVE,
            Session.expires_at > now,
        )
        .order_by(Session.id.desc())
    )


def get_session(ctx: Context, user_id: UUID, session_id: UUID) -> Session:
    found: Session | None = ctx.db.scalar(
        sessions_of(user_id, ctx.now).where(Session.id == session_id)
    )
    if found is None:
        raise SessionNotFound
    return found


def device_known_to(
    user_id: UUID, *, network: str, user_agent: str | None, since: datetime, now: datetime
) -> Any:
    """Whether the account signed in from this network with this program in the last 90 days.

    ``since`` is when its password was set: a device that only knew an older one is a stranger,
    unless its session outlived the change.
    """
    return (
        select(Session.id)
        .where(
            Session.user_id == user_id,
            Session.created_at > now - REMEMBERED,
            or_(Session.created_at >= since, Session.status == SessionStatus.ACTIVE),
            Session.network == network,
            Session.user_agent == user_agent,
        )
        .limit(1)
    )


def sessions(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of a person's sessions, ended ones too."""
    names = (
        *("id", "status", "created_at", "last_seen_at", "auth_time", "expires_at", "ended_at"),
        *("end_reason", "amr", "ip", "user_agent"),
    )
    rows = ctx.db.scalars(select(Session).where(Session.user_id == user_id).order_by(Session.id))
    return [{name: getattr(row, name) for name in names} for row in rows]
