"""The life of a key: published, active, retiring, gone. The unique indexes decide all races."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from uuid_utils.compat import uuid7

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.db import insert_unless_there
from gatehouse.core.jose import private_key
from gatehouse.signing_keys.errors import RotationUnderWay
from gatehouse.signing_keys.events import (
    SigningKeyActivated,
    SigningKeyPublished,
    SigningKeysPlanned,
    SigningKeysReplaced,
)
from gatehouse.signing_keys.models import KeyStatus, SigningKey
from gatehouse.signing_keys.queries import purpose_of
from gatehouse.signing_keys.rules import (
    ALGORITHMS,
    PLANNED_AHEAD,
    RETIRING_LIFE,
    may_come_forward,
    takes_over_at,
    wants_successor,
)


def add_missing(ctx: Context) -> int:
    """Make an active key for each algorithm that has none. Returns how many were made."""
    there = set(ctx.db.scalars(select(SigningKey.alg).where(SigningKey.status == KeyStatus.ACTIVE)))
    return sum(_add(ctx, alg, KeyStatus.ACTIVE, ctx.now) for alg in ALGORITHMS if alg not in there)


def advance(ctx: Context) -> int:
    """Do what is due: publish, activate, retire, delete. Returns how many keys changed."""
    changed = add_missing(ctx) + _drop_retired(ctx)
    rows = {(row.alg, row.status): row for row in ctx.db.scalars(select(SigningKey)).all()}
    for alg in ALGORITHMS:
        active, successor = (rows.get((alg, s)) for s in (KeyStatus.ACTIVE, KeyStatus.NEXT))
        if active is None:
            continue
        if successor is None and wants_successor(active.active_from, ctx.now):
            at = takes_over_at(active.active_from, ctx.now)
            changed += _add(ctx, alg, KeyStatus.NEXT, at)
        elif successor is not None and successor.active_from <= ctx.now:
            changed += _hand_over(ctx, active, successor)
    return changed


def replace_all(ctx: Context) -> int:
    """Drop every key, and make new ones that sign at once. Returns how many were dropped.

    For the case that a key may be known to somebody else: tokens signed by it count for nothing.
    """
    dropped = ctx.execute(delete(SigningKey).execution_options(synchronize_session=False))
    add_missing(ctx)
    record(ctx, SigningKeysReplaced(dropped=dropped))
    return dropped


def plan_successors(ctx: Context) -> datetime:
    """Publish a successor of each key now, or bring forward the one that is there. Returns when
    they take over: once everybody who keeps the published keys must have asked for them anew.

    Raises RotationUnderWay.
    """
    add_missing(ctx)
    at = ctx.now + PLANNED_AHEAD
    is_late = (
        SigningKey.status == KeyStatus.NEXT,
        SigningKey.active_from > may_come_forward(ctx.now),
    )
    planned = ctx.execute(update(SigningKey).where(*is_late).values(active_from=at))
    planned += sum(_add(ctx, alg, KeyStatus.NEXT, at) for alg in ALGORITHMS)
    if not planned:
        raise RotationUnderWay
    record(ctx, SigningKeysPlanned(keys=planned))
    return at


def _hand_over(ctx: Context, active: SigningKey, successor: SigningKey) -> int:
    """The old key goes first: the index admits one that is active. A loser does nothing."""
    was_active = SigningKey.id == active.id, SigningKey.status == KeyStatus.ACTIVE
    retiring = {"status": KeyStatus.RETIRING, "retired_at": ctx.now + RETIRING_LIFE}
    if not ctx.execute(update(SigningKey).where(*was_active).values(**retiring)):
        return 0
    is_next = SigningKey.id == successor.id, SigningKey.status == KeyStatus.NEXT
    values = {"status": KeyStatus.ACTIVE, "active_from": ctx.now}
    ctx.execute(update(SigningKey).where(*is_next).values(**values))
    record(ctx, SigningKeyActivated(key_id=successor.id, alg=successor.alg))
    return 1


def _drop_retired(ctx: Context) -> int:
    over = SigningKey.status == KeyStatus.RETIRING, SigningKey.retired_at < ctx.now
    return ctx.execute(delete(SigningKey).where(*over).execution_options(synchronize_session=False))


def _add(ctx: Context, alg: str, status: KeyStatus, active_from: datetime) -> int:
    """Insert a new key unless another worker was first. Returns how many were added."""
    values = _new_key(ctx, alg) | {"status": status, "active_from": active_from}
    if not insert_unless_there(ctx.db, SigningKey, values):
        return 0
    record(ctx, SigningKeyPublished(key_id=values["id"], alg=alg))
    return 1


def _new_key(ctx: Context, alg: str) -> dict[str, Any]:
    made = private_key(alg)
    kid = str(made.thumbprint())  # RFC 7638: the name follows from the key.
    pem = made.as_pem(private=True)
    return {
        "id": uuid7(),
        "created_at": ctx.now,
        "kid": kid,
        "alg": alg,
        "public_jwk": {**made.as_dict(private=False), "kid": kid, "alg": alg, "use": "sig"},
        "private_sealed": ctx.runtime.keyring.seal(pem, purpose_of(kid)),
    }
