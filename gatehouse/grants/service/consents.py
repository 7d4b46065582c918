"""What people let clients do: one living row for a person and a client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.db import in_batches
from gatehouse.grants.errors import ConsentNotFound
from gatehouse.grants.events import ConsentGiven, ConsentRevoked
from gatehouse.grants.models import Grant, RefreshFamily

HELD = ("scopes", "claims", "resources", "details", "organizations")
MOST_HELD = 200  # of each: no request asks for more


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is agreed to. ``claims`` are the names of those asked for one by one."""

    scopes: Sequence[str]
    claims: Sequence[str] = ()
    resources: Sequence[str] = ()
    details: Sequence[dict[str, Any]] = ()
    organizations: Sequence[str] = ()

    def is_within(self, grant: Grant) -> bool:
        """Whether a grant holds all of it."""
        return all(_texts(getattr(self, name)) <= _texts(getattr(grant, name)) for name in HELD)


def living_grant(ctx: Context, user_id: UUID, client_row_id: UUID) -> Grant | None:
    found: Grant | None = ctx.db.scalar(
        select(Grant).where(
            Grant.user_id == user_id,
            Grant.client_row_id == client_row_id,
            Grant.revoked_at.is_(None),
        )
    )
    return found


def agree(
    ctx: Context,
    user_id: UUID,
    client_row_id: UUID,
    agreed: Agreed,
    *,
    lasting: timedelta | None,
    is_asked: bool,
) -> Grant:
    """Add what was agreed to the living grant, or begin one. Two at once end in one row.

    A yes is to what was asked: nothing comes back with it that nobody agreed to, or too long ago.
    """
    grant = living_grant(ctx, user_id, client_row_id) or _begun(ctx, user_id, client_row_id)
    if is_asked and not is_remembered(grant, ctx.now):
        for name in HELD:
            setattr(grant, name, [])
    adds = not agreed.is_within(grant)
    for name in HELD:
        setattr(grant, name, _with(getattr(grant, name), getattr(agreed, name)))
    if is_asked:
        grant.is_asked = True
        grant.agreed_until = ctx.now + lasting if lasting else ctx.now
    if is_asked or adds:
        grant.updated_at = ctx.now
    if is_asked:
        event = ConsentGiven(
            user_id=user_id,
            grant_id=grant.id,
            client_row_id=client_row_id,
            scopes=tuple(grant.scopes),
        )
        record(ctx, event)
    return grant


def is_remembered(grant: Grant, now: datetime) -> bool:
    """Whether the person was asked for what it holds, and the answer still counts."""
    return grant.is_asked and (grant.agreed_until is None or grant.agreed_until > now)


def _begun(ctx: Context, user_id: UUID, client_row_id: UUID) -> Grant:
    """A new row, or that of somebody who was a moment faster."""
    grant = Grant(
        user_id=user_id,
        client_row_id=client_row_id,
        is_asked=False,
        created_at=ctx.now,
        **{name: [] for name in HELD},
    )
    try:
        with ctx.db.begin_nested():
            ctx.db.add(grant)
            ctx.db.flush()
    except IntegrityError:
        found = living_grant(ctx, user_id, client_row_id)
        if found is None:
            raise
        return found
    return grant


def revoke_consent(ctx: Context, user_id: UUID, grant_id: UUID) -> None:
    """Take a consent back: everything that lives by it ends. Raises ConsentNotFound."""
    grant: Grant | None = ctx.db.scalar(
        select(Grant).where(
            Grant.id == grant_id, Grant.user_id == user_id, Grant.revoked_at.is_(None)
        )
    )
    if grant is None or not revoke_grants(ctx, Grant.id == grant_id, reason="revoked_by_person"):
        raise ConsentNotFound
    event = ConsentRevoked(user_id=user_id, grant_id=grant_id, client_row_id=grant.client_row_id)
    record(ctx, event)


def revoke_grants(ctx: Context, *which: Any, reason: str) -> int:
    """End living grants and the families that live by them, within the act of somebody else."""
    ids = ctx.db.scalars(select(Grant.id).where(Grant.revoked_at.is_(None), *which)).all()
    if not ids:
        return 0
    ctx.outwait_leases()
    gone = {"revoked_at": ctx.now, "revoke_reason": reason}
    return sum(_revoke(ctx, some, gone) for some in in_batches(ids))


def _revoke(ctx: Context, grant_ids: Sequence[UUID], gone: dict[str, Any]) -> int:
    options = {"synchronize_session": "fetch"}
    families = update(RefreshFamily).where(
        RefreshFamily.grant_id.in_(grant_ids), RefreshFamily.revoked_at.is_(None)
    )
    ctx.execute(families.values(**gone).execution_options(**options))
    grants = update(Grant).where(Grant.id.in_(grant_ids), Grant.revoked_at.is_(None))
    return ctx.execute(grants.values(**gone).execution_options(**options))


def _with(there: Sequence[Any], more: Sequence[Any]) -> list[Any]:
    """All of it, but for what was agreed to longest ago of too many: that is asked for again."""
    both = [*there, *_but(more, there)]
    return both if len(both) <= MOST_HELD else [*_but(there, more), *more][-MOST_HELD:]


def _but(some: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    known = _texts(others)
    return [one for one in some if _text(one) not in known]


def _texts(values: Sequence[Any]) -> set[bytes]:
    return set(map(_text, values))


def _text(value: Any) -> bytes:
    """As JSON has it: to Python, 1 is true."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
