"""Initial access tokens: whoever holds one may register clients, so many times (RFC 7591 3)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from gatehouse.audit.service import record
from gatehouse.clients.errors import RegistrationTokenNotFound, TooManyRegistrationTokens
from gatehouse.clients.events import RegistrationTokenCreated, RegistrationTokenRevoked
from gatehouse.clients.models import RegistrationToken
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.queries import registration_tokens_of
from gatehouse.core.context import Context
from gatehouse.core.tokens import hash_token, is_well_formed, mint
from gatehouse.organizations.models import Organization
from gatehouse.organizations.service import find_and_lock, hold_as

INITIAL = "gia_"
MOST_TOKENS = 100  # of one organization
BATCH = 1000
ANOTHER = "Ask whoever gave it to you for another."
USED_UP = f"This initial access token is used up. {ANOTHER}"


@dataclass(frozen=True, slots=True)
class Minted:
    """An initial access token; its text is told once."""

    row: RegistrationToken
    token: str


def create_registration_token(ctx: Context, org_id: UUID, *, uses: int, hours: int) -> Minted:
    """Make one for an organization: clients that it registers are the organization's.

    Raises TooManyRegistrationTokens.
    """
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    mine = RegistrationToken.org_id == org_id, RegistrationToken.expires_at > ctx.now
    count = ctx.db.scalar(select(func.count()).select_from(RegistrationToken).where(*mine))
    if (count or 0) >= MOST_TOKENS:
        raise TooManyRegistrationTokens
    return add_registration_token(ctx, org_id, uses=uses, hours=hours)


def add_registration_token(ctx: Context, org_id: UUID | None, *, uses: int, hours: int) -> Minted:
    """Make one. Without an organization its clients are those of the instance."""
    token = mint(INITIAL)
    row = RegistrationToken(
        org_id=org_id,
        token_hash=hash_token(token),
        uses_left=uses,
        expires_at=ctx.now + timedelta(hours=hours),
        created_by_id=ctx.actor.user_id,
        created_at=ctx.now,
    )
    ctx.db.add(row)
    ctx.db.flush()
    record(ctx, RegistrationTokenCreated(org_id=org_id, registration_token_id=row.id, uses=uses))
    return Minted(row, token)


def revoke_registration_token(ctx: Context, org_id: UUID, token_id: UUID) -> None:
    """Revoke one; clients that it registered stay. Raises RegistrationTokenNotFound."""
    hold_as(ctx, org_id, ClientPermission.MANAGE)
    row = ctx.db.scalar(registration_tokens_of(org_id).where(RegistrationToken.id == token_id))
    if row is None:
        raise RegistrationTokenNotFound
    ctx.db.delete(row)
    record(ctx, RegistrationTokenRevoked(org_id=org_id, registration_token_id=token_id))


def problem_of_token(ctx: Context, token: str) -> str:
    """What keeps a token from being used now, and what to do; nothing if it is good. Short
    statements of their own, before any slow work. Whoever can name a token was given it: they may
    know why it is good no more.
    """
    if not is_well_formed(token, INITIAL):
        return f"An initial access token begins with {INITIAL}: this is something else."
    if ctx.glance(select(RegistrationToken.id).where(*_usable(ctx, token))) is not None:
        return ""
    known = RegistrationToken.token_hash == hash_token(token)
    row = ctx.glance(select(RegistrationToken.uses_left, RegistrationToken.expires_at).where(known))
    if row is None:
        return f"This initial access token is unknown, or was revoked. {ANOTHER}"
    if row.uses_left <= 0:
        return USED_UP
    if row.expires_at <= ctx.now:
        return f"This initial access token is too old. {ANOTHER}"
    return "The organization of this initial access token is switched off."


def use(ctx: Context, token: str) -> RegistrationToken | None:
    """Use a token once: of two at the last use one gets it. None where it is good no more.

    Its organization is held first, as by all who change what it has.
    """
    known = select(RegistrationToken).where(RegistrationToken.token_hash == hash_token(token))
    row: RegistrationToken | None = ctx.db.scalar(known)
    if row is None or (row.org_id is not None and find_and_lock(ctx, row.org_id) is None):
        return None
    taken = update(RegistrationToken).where(*_usable(ctx, token))
    taken = taken.values(uses_left=RegistrationToken.uses_left - 1)
    is_mine = ctx.execute(taken.execution_options(synchronize_session=False))
    return row if is_mine else None


def purge_registration_tokens(ctx: Context) -> int:
    """Delete a batch of those that ran out. Returns how many there were."""
    over = select(RegistrationToken.id).where(RegistrationToken.expires_at < ctx.now).limit(BATCH)
    gone = delete(RegistrationToken).where(RegistrationToken.id.in_(over.scalar_subquery()))
    return ctx.execute(gone.execution_options(synchronize_session=False))


def _usable(ctx: Context, token: str) -> tuple[Any, ...]:
    living = select(Organization.id).where(
        Organization.is_active.is_(True), Organization.deleted_at.is_(None)
    )
    return (
        RegistrationToken.token_hash == hash_token(token),
        RegistrationToken.uses_left > 0,
        RegistrationToken.expires_at > ctx.now,
        RegistrationToken.org_id.is_(None) | RegistrationToken.org_id.in_(living),
    )
