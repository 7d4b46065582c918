"""Reading SSH keys. Every query is bound to one account."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from gatehouse.core.context import Context
from gatehouse.ssh_keys.errors import SshKeyNotFound
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.ports import CertificateCounts
from gatehouse.ssh_keys.rules import KeyState, state_of

SHOWN = (
    *("id", "user_id", "name", "description", "type", "fingerprint", "bits", "comment"),
    *("application", "proved_with_pin", "verified_at", "expires_at", "created_at", "updated_at"),
)


def keys_of(user_id: UUID) -> Select[SshKey]:
    """In the order in which they were added."""
    return select(SshKey).where(SshKey.user_id == user_id).order_by(SshKey.id)


def own_keys(ctx: Context) -> list[SshKey]:
    return list(ctx.db.scalars(keys_of(ctx.user_id)))


def get_key(ctx: Context, key_id: UUID) -> SshKey:
    """One of the caller's own. Raises SshKeyNotFound."""
    found = ctx.db.scalar(keys_of(ctx.user_id).where(SshKey.id == key_id))
    if found is None:
        raise SshKeyNotFound
    return found


def find_key(ctx: Context, fingerprint: str) -> SshKey | None:
    return ctx.db.scalar(keys_of(ctx.user_id).where(SshKey.fingerprint == fingerprint))


def shown_keys(ctx: Context, rows: Sequence[SshKey]) -> list[dict[str, Any]]:
    """Keys as their owner sees them."""
    counts = ctx.ports[CertificateCounts](ctx, ctx.user_id) if rows else {}
    return [{**_shown(ctx, row), "cert_count": counts.get(row.fingerprint, 0)} for row in rows]


def shown_key(ctx: Context, row: SshKey) -> dict[str, Any]:
    return shown_keys(ctx, [row])[0]


def _shown(ctx: Context, row: SshKey) -> dict[str, Any]:
    state = state_of(row.verified_at, row.expires_at, ctx.now)
    return {
        **{name: getattr(row, name) for name in SHOWN},
        "public_key": f"{row.type} {b64encode(row.blob).decode()}",
        "state": state,
        "verified": state is KeyState.VERIFIED,
    }


def count_keys(ctx: Context, user_id: UUID) -> int:
    own = keys_of(user_id).order_by(None).with_only_columns(func.count())
    return ctx.db.scalar(own) or 0


def name_of_key(key_id: UUID) -> Select[str]:
    return select(SshKey.name).where(SshKey.id == key_id)


def ssh_keys(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of them."""
    names = ("name", "description", "comment", "type", "fingerprint", "bits")
    times = ("created_at", "verified_at", "expires_at", "updated_at")
    rows = ctx.db.scalars(keys_of(user_id))
    return [{name: getattr(row, name) for name in (*names, *times)} for row in rows]
