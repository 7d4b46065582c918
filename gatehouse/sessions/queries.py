"""Reading sessions. Every query is bound to one account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.context import Context
from gatehouse.core.headers import network_of
from gatehouse.sessions.errors import SessionNotFound
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.rules import device_in_words, place_in_words

REMEMBERED = timedelta(days=90)
MOST_SHOWN = 50

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


@dataclass(frozen=True, slots=True)
class SignedInPlace:
    """A session as its owner would know it again."""

    id: UUID
    device: str
    network: str
    where: str
    last_seen_at: datetime
    created_at: datetime
    is_current: bool


def places_signed_in(ctx: Context) -> list[SignedInPlace]:
    """Where the caller is signed in: the newest, the present one first."""
    rows = ctx.db.scalars(sessions_of(ctx.user_id, ctx.now).limit(MOST_SHOWN)).all()
    here = network_of(ctx.origin.ip)
    places = [
        SignedInPlace(
            row.id,
            device_in_words(row.user_agent),
            row.network,
            place_in_words(row.network, here),
            row.last_seen_at,
            row.created_at,
            row.id == ctx.actor.session_id,
        )
        for row in rows
    ]
    return sorted(places, key=lambda place: not place.is_current)


def get_session(ctx: Context, user_id: UUID, session_id: UUID) -> Session:
    found: Session | None = ctx.db.scalar(
        sessions_of(user_id, ctx.now).where(Session.id == session_id)
    )
    if found is None:
        raise SessionNotFound
    return found


def factor_proved_at(ctx: Context, user_id: UUID, session_id: UUID) -> datetime | None:
    """When a session last proved more than a password."""
    own = sessions_of(user_id, ctx.now).where(Session.id == session_id)
    found: datetime | None = ctx.db.scalar(own.with_only_columns(Session.mfa_time))
    return found


def is_open(ctx: Context) -> bool:
    """The OpenSessions port."""
    living = sessions_of(ctx.user_id, ctx.now).where(Session.id == ctx.actor.session_id)
    account = living.join(User, User.id == Session.user_id).where(
        User.status == AccountStatus.ACTIVE, User.deleted_at.is_(None)
    )
    return ctx.db.scalar(account.with_only_columns(Session.id)) is not None


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
