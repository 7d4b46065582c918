"""Whether a token still counts: one statement over everything that can end it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.core.context import Context
from gatehouse.core.db import insert_into, insert_unless_there
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import (
    ClientSession,
    Grant,
    RefreshFamily,
    RevokedToken,
    TokensVoided,
)
from gatehouse.sessions.models import Session, SessionStatus

# The hot path: primary keys and unique indexes alone, the statement built once.
STANDING = (
    select(
        Grant.user_id,
        Grant.client_row_id,
        Grant.revoked_at.label("grant_revoked_at"),
        User.status,
        User.deleted_at,
        RefreshFamily.revoked_at.label("family_revoked_at"),
        Session.status.label("session_status"),
        Session.id.label("session_id"),
        TokensVoided.before,
        RevokedToken.jti,
        RefreshFamily.params,
        User.email,
        User.email_verified,
        User.full_name,
        User.avatar_url,
        User.updated_at,
    )
    .join(User, User.id == Grant.user_id)
    .outerjoin(RefreshFamily, RefreshFamily.id == bindparam("family_id"))
    .outerjoin(ClientSession, ClientSession.id == bindparam("sid"))
    .outerjoin(Session, Session.id == ClientSession.session_id)
    .outerjoin(TokensVoided, TokensVoided.user_id == Grant.user_id)
    .outerjoin(RevokedToken, RevokedToken.jti == bindparam("jti"))
    .where(Grant.id == bindparam("grant_id"))
)
REVOKED = select(func.count(RevokedToken.id)).where(RevokedToken.jti == bindparam("jti"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom a living token speaks for. It has a ``session_id`` where it ends with that session.

    ``account`` is the row of the person, ``params`` what was wished for with the refresh token.
    """

    user_id: UUID
    client_row_id: UUID
    session_id: UUID | None
    account: Any = None
    params: dict[str, Any] | None = None


def standing_of(
    runtime: Runtime,
    *,
    grant_id: UUID,
    family_id: UUID | None,
    sid: UUID | None,
    jti: str,
    issued_at: datetime,
    outlives_session: bool,
) -> Standing | None:
    """Whom a token speaks for, or None if anything has ended it. A short statement of its own, or
    what one said a moment ago: whoever ends something waits for that (``ctx.outwait_leases``).
    """
    key = ("standing", grant_id, family_id, sid, jti)
    values = {"grant_id": grant_id, "family_id": family_id, "sid": sid, "jti": jti}
    row = runtime.leases.get(key, lambda: _read_standing(runtime, values))
    if row is None or not _counts(row, issued_at):
        return None
    if not outlives_session and row.session_status not in (
        SessionStatus.ACTIVE,
        SessionStatus.EXPIRED,
    ):
        return None
    session_id = None if outlives_session else row.session_id
    return Standing(row.user_id, row.client_row_id, session_id, row, row.params)


def _read_standing(runtime: Runtime, values: dict[str, Any]) -> Any:
    with runtime.short.connect() as db:
        return db.execute(STANDING, values).first()


def _counts(row: Any, issued_at: datetime) -> bool:
    is_revoked = row.grant_revoked_at or row.family_revoked_at or row.jti
    is_voided = row.before is not None and issued_at <= row.before
    is_there = row.status is AccountStatus.ACTIVE and row.deleted_at is None
    return is_there and not is_revoked and not is_voided


def is_revoked(runtime: Runtime, jti: str) -> bool:
    """Whether a single token was revoked, for those that speak for no person."""
    return runtime.leases.get(("revoked", jti), lambda: _read_revoked(runtime, jti)) is True


def _read_revoked(runtime: Runtime, jti: str) -> bool:
    with runtime.short.connect() as db:
        return bool(db.scalar(REVOKED, {"jti": jti}))


def revoke_single(ctx: Context, jti: str, expires_at: datetime) -> None:
    """Revoke one access token until it would have expired."""
    ctx.outwait_leases()
    insert_unless_there(ctx.db, RevokedToken, {"jti": jti, "expires_at": expires_at})


def was_voided(ctx: Context, user_id: UUID, moment: datetime) -> bool:
    """Whether what an account did at this moment counts for nothing any more."""
    voided = select(TokensVoided.before).where(TokensVoided.user_id == user_id)
    before: datetime | None = ctx.db.scalar(voided)
    return before is not None and moment <= before


def void_tokens(ctx: Context, user_id: UUID) -> None:
    """Let nothing count that was issued to an account until now."""
    if ctx.db.scalar(select(Grant.id).where(Grant.user_id == user_id).limit(1)) is not None:
        ctx.outwait_leases()
    row = insert_into(TokensVoided.__table__, ctx.db.get_bind().dialect)
    row = row.values(user_id=user_id, before=ctx.now)
    ctx.db.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"before": ctx.now}))
