"""Authorities, their keys and permissions. Every query is bound to one organization."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatehouse.core.context import Context
from gatehouse.ssh_ca.errors import AuthorityKeyNotFound, AuthorityNotFound
from gatehouse.ssh_ca.models import (
    Authority,
    AuthorityKey,
    AuthorityKind,
    AuthorityPermission,
    KeyState,
)
from gatehouse.ssh_ca.ports import Totals

TRUSTED = (KeyState.ACTIVE, KeyState.NEXT, KeyState.RETIRING, KeyState.SEALED)
HOUR = 3600
TOLD = (
    *("id", "name", "description", "backdate_seconds", "rotated_at", "rotation_reason"),
    *("created_at", "updated_at"),
)
SHOWN_FIRST = (*TRUSTED, KeyState.RETIRED, KeyState.COMPROMISED)


@dataclass(frozen=True, slots=True)
class Shown:
    """An authority with its keys, those first that matter now."""

    authority: Authority
    keys: Sequence[AuthorityKey]

    @property
    def active(self) -> AuthorityKey | None:
        return next((key for key in self.keys if key.state is KeyState.ACTIVE), None)


def authorities_of(org_id: UUID) -> Select[Any]:
    """At most one of each kind."""
    return select(Authority).where(Authority.org_id == org_id).order_by(Authority.kind.desc())


def get_authority(ctx: Context, org_id: UUID, authority_id: UUID) -> Authority:
    """Raises AuthorityNotFound."""
    found: Authority | None = ctx.db.scalar(
        authorities_of(org_id).where(Authority.id == authority_id)
    )
    if found is None:
        raise AuthorityNotFound
    return found


def organizations_that_sign(ctx: Context, kinds: Collection[AuthorityKind]) -> Sequence[UUID]:
    """All that have an authority of these kinds: for who runs the instance."""
    found = select(Authority.org_id).where(Authority.kind.in_(kinds)).distinct()
    return ctx.db.scalars(found.order_by(Authority.org_id)).all()


def find_authority(ctx: Context, org_id: UUID, kind: AuthorityKind) -> Authority | None:
    found: Authority | None = ctx.db.scalar(authorities_of(org_id).where(Authority.kind == kind))
    return found


def keys_of(org_id: UUID, authority_id: UUID) -> Select[Any]:
    """In the order in which they were made."""
    return (
        select(AuthorityKey)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(Authority.org_id == org_id, Authority.id == authority_id)
        .order_by(AuthorityKey.id)
    )


def get_key(ctx: Context, org_id: UUID, authority_id: UUID, key_id: UUID) -> AuthorityKey:
    """Raises AuthorityKeyNotFound."""
    found: AuthorityKey | None = ctx.db.scalar(
        keys_of(org_id, authority_id).where(AuthorityKey.id == key_id)
    )
    if found is None:
        raise AuthorityKeyNotFound
    return found


def trusted_keys(ctx: Context, org_id: UUID, kind: AuthorityKind) -> Sequence[AuthorityKey]:
    """What machines have to believe now: the key that signs comes first."""
    rows = ctx.db.scalars(
        select(AuthorityKey)
        .join(Authority, Authority.id == AuthorityKey.authority_id)
        .where(
            Authority.org_id == org_id,
            Authority.kind == kind,
            AuthorityKey.state.in_(TRUSTED),
        )
    ).all()
    return sorted(rows, key=_as_shown)


def shown(ctx: Context, authorities: Sequence[Authority]) -> list[Shown]:
    """One statement for all of their keys."""
    ids = [authority.id for authority in authorities]
    keys: dict[UUID, list[AuthorityKey]] = defaultdict(list)
    for key in ctx.db.scalars(select(AuthorityKey).where(AuthorityKey.authority_id.in_(ids))):
        keys[key.authority_id].append(key)
    return [Shown(each, sorted(keys[each.id], key=_as_shown)) for each in authorities]


def _as_shown(key: AuthorityKey) -> tuple[int, str]:
    return SHOWN_FIRST.index(key.state), str(key.id)


def ssh_permissions(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of them."""
    rows = ctx.db.execute(
        select(Authority.name, AuthorityPermission.permission, AuthorityPermission.created_at)
        .join(Authority, Authority.id == AuthorityPermission.authority_id)
        .where(AuthorityPermission.user_id == user_id)
        .order_by(AuthorityPermission.id)
    )
    return [
        {"authority": name, "permission": permission.value, "since": since}
        for name, permission, since in rows
    ]


def text_of(key: AuthorityKey) -> str:
    """The key as a line, without comment."""
    return f"{key.type} {b64encode(key.blob).decode()}"


def as_told(found: Shown, totals: Totals) -> dict[str, Any]:
    """An authority with its keys, as its admins see it."""
    row, active = found.authority, found.active
    return {
        **{name: getattr(row, name) for name in TOLD},
        "organization_id": row.org_id,
        "ca_type": row.kind.value,
        "default_cert_validity_hours": row.default_seconds // HOUR,
        "max_cert_validity_hours": row.max_seconds // HOUR,
        "is_active": active is not None,
        "key_type": active.type if active else None,
        "public_key": text_of(active) if active else None,
        "fingerprint": active.fingerprint if active else None,
        "next_serial_number": active.next_serial if active else None,
        "total_certs": sum(key.next_serial - 1 for key in found.keys),
        "active_certs": totals.active,
        "revoked_certs": totals.revoked,
        "keys": [key_as_told(key) for key in found.keys],
    }


def key_as_told(key: AuthorityKey) -> dict[str, Any]:
    names = ("id", "state", "type", "fingerprint", "next_serial", "created_at", "reason")
    times = ("activate_at", "activate_after_sync", "activated_at", "retiring_at", "ended_at")
    return {**{name: getattr(key, name) for name in (*names, *times)}, "public_key": text_of(key)}
