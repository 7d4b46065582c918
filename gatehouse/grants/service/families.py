"""Families of refresh tokens: opened once, turned by one conditional statement, ended for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from gatehouse.audit.service import record
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.events import RefreshReuseDetected
from gatehouse.grants.models import RefreshFamily
from gatehouse.grants.rules import Family, Verdict, mac_of, mint, read, verdict

FAMILIES = RefreshFamily.metadata.tables[RefreshFamily.__tablename__]


@dataclass(frozen=True, slots=True)
class Turned:
    """A family whose token was shown, and the token that counts now."""

    family: RefreshFamily
    token: str


def open_family(
    ctx: Context,
    client: KnownClient,
    *,
    grant_id: UUID,
    user_id: UUID,
    sid: UUID | None,
    params: dict[str, Any],
    binding: str | None,
    dies_with_session: bool,
) -> tuple[RefreshFamily, str]:
    """Begin a family, and give its first token."""
    options = client.options
    family = RefreshFamily(
        id=uuid4(),
        salt=token_bytes(16),
        grant_id=grant_id,
        user_id=user_id,
        client_row_id=client.id,
        sid=sid,
        dies_with_session=dies_with_session,
        params=params,
        binding=binding,
        generation=0,
        created_at=ctx.now,
        expires_at=ctx.now + timedelta(seconds=options.refresh_token_lifetime),
        idle_expires_at=ctx.now + timedelta(seconds=options.refresh_token_idle),
    )
    ctx.db.add(family)
    ctx.db.flush()
    return family, mint(ctx.settings.secret_key, family.id, 0, family.salt)


def find_family(ctx: Context, token: str, client: KnownClient) -> tuple[RefreshFamily, int]:
    """The family of a genuine token of this client, and its generation. Raises InvalidGrant."""
    shown = read(token)
    family = ctx.db.get(RefreshFamily, shown.family_id) if shown else None
    if shown is None or family is None:
        raise InvalidGrant("unknown_token")
    genuine = mac_of(ctx.settings.secret_key, family.id, shown.generation, family.salt)
    if not compare_digest(genuine, shown.mac):
        raise InvalidGrant("forged_token")
    if family.client_row_id != client.id:
        raise InvalidGrant("token_of_another_client")
    return family, shown.generation


def turn(ctx: Context, client: KnownClient, family: RefreshFamily, generation: int) -> Turned:
    """Use a token: one statement decides who turns the family. Raises InvalidGrant.

    Whoever shows the last one within the grace gets the same successor once more.
    """
    options = client.options
    grace = timedelta(seconds=options.refresh_grace_seconds)
    for _ in range(2):
        found = verdict(_seen(family), generation, ctx.now, grace=grace, rotates=options.rotates)
        if found is Verdict.SAME:
            return Turned(family, _token(ctx, family, family.generation))
        if found is Verdict.OVER:
            raise InvalidGrant("family_over")
        if found is Verdict.REUSE:
            ctx.after_refusal(lambda own: _end_after_reuse(own, family))
            raise InvalidGrant("reuse")
        if _moved(ctx, client, family, generation, turns=found is Verdict.TURN):
            ctx.db.refresh(family)
            return Turned(family, _token(ctx, family, family.generation))
        ctx.db.refresh(family)
    raise InvalidGrant("family_over")


def revoke_families(ctx: Context, *which: Any, reason: str) -> int:
    """End families, and with them the access tokens that came of them."""
    gone = update(RefreshFamily).where(RefreshFamily.revoked_at.is_(None), *which)
    gone = gone.values(revoked_at=ctx.now, revoke_reason=reason)
    ended = ctx.execute(gone.execution_options(synchronize_session=False))
    if ended:
        ctx.outwait_leases()
    return ended


def _moved(
    ctx: Context, client: KnownClient, family: RefreshFamily, generation: int, *, turns: bool
) -> bool:
    """The one write of a refresh. Returns whether it was ours."""
    idle = ctx.now + timedelta(seconds=client.options.refresh_token_idle)
    values: dict[str, Any] = {"idle_expires_at": min(idle, family.expires_at)}
    if turns:
        values |= {"generation": generation + 1, "rotated_at": ctx.now}
    statement = (
        update(RefreshFamily)
        .where(
            RefreshFamily.id == family.id,
            RefreshFamily.generation == generation,
            RefreshFamily.revoked_at.is_(None),
            RefreshFamily.expires_at > ctx.now,
            RefreshFamily.idle_expires_at > ctx.now,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return ctx.execute(statement) == 1


def _end_after_reuse(ctx: Context, family: RefreshFamily) -> None:
    ended = revoke_families(ctx, RefreshFamily.id == family.id, reason="reuse")
    if ended:
        event = RefreshReuseDetected(
            user_id=family.user_id, family_id=family.id, client_row_id=family.client_row_id
        )
        record(ctx, event)


def _seen(family: RefreshFamily) -> Family:
    times: tuple[datetime | None, ...] = (family.rotated_at, family.revoked_at)
    return Family(family.generation, times[0], family.idle_expires_at, family.expires_at, times[1])


def _token(ctx: Context, family: RefreshFamily, generation: int) -> str:
    return mint(ctx.settings.secret_key, family.id, generation, family.salt)


def family_by_id(ctx: Context, family_id: UUID) -> RefreshFamily | None:
    found: RefreshFamily | None = ctx.db.scalar(
        select(RefreshFamily).where(RefreshFamily.id == family_id)
    )
    return found
