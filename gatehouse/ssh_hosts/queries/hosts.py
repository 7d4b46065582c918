"""Hosts with their names and keys. Every query is bound to one organization, or to a token."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatehouse.core.context import Context
from gatehouse.core.pagination import Page, paginate
from gatehouse.ssh_hosts.errors import HostNotFound
from gatehouse.ssh_hosts.models import Host, HostKey, HostName, HostToken
from gatehouse.ssh_hosts.rules.hosts import days_left, state_of

HOUR = 3600
TOLD = (
    *("id", "description", "accounts", "suspended_at", "revoked_at", "revocation_reason"),
    *("enrolled_at", "certified_at", "expires_at", "due_at", "created_at", "updated_at"),
)
OF_KEY = ("fingerprint", "type", "bits", "certificate_id", "created_at", "revoked_at")


@dataclass(frozen=True, slots=True)
class Shown:
    """A host with all that is told of it. ``token_until`` is the end of a token that waits."""

    host: Host
    names: Sequence[str]
    keys: Sequence[HostKey]
    token_until: datetime | None


def hosts_of(org_id: UUID) -> Select[Host]:
    """By their first name."""
    first = (HostName.host_id == Host.id) & (HostName.place == 0)
    own = select(Host).join(HostName, first).where(Host.org_id == org_id)
    return own.order_by(HostName.name, Host.id)


def get_host(ctx: Context, org_id: UUID, host_id: UUID) -> Host:
    """Raises HostNotFound."""
    found = ctx.db.scalar(hosts_of(org_id).where(Host.id == host_id))
    if found is None:
        raise HostNotFound
    return found


def hold_host(ctx: Context, org_id: UUID, host_id: UUID) -> Host:
    """The same, and nobody else changes it until this act is over. Raises HostNotFound."""
    own = select(Host).where(Host.org_id == org_id, Host.id == host_id).with_for_update()
    found = ctx.db.scalar(own.execution_options(populate_existing=True))
    if found is None:
        raise HostNotFound
    return found


def names_of(ctx: Context, host_id: UUID) -> tuple[str, ...]:
    """In the order in which they were given."""
    own = select(HostName.name).where(HostName.host_id == host_id).order_by(HostName.place)
    return tuple(ctx.db.scalars(own))


def others_with(
    ctx: Context, org_id: UUID, names: Collection[str], *, but: UUID | None = None
) -> list[str]:
    """Which of these names other hosts of the organization have."""
    taken = select(HostName.name).where(HostName.org_id == org_id, HostName.name.in_(names))
    if but is not None:
        taken = taken.where(HostName.host_id != but)
    return sorted(ctx.db.scalars(taken))


def page_of_hosts(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    found = paginate(ctx, hosts_of(org_id), page=page, per_page=per_page)
    told = {each.host.id: host_told(ctx, each) for each in shown(ctx, found.items)}
    return found.map(lambda host: told[host.id])


def read_host(ctx: Context, org_id: UUID, host_id: UUID) -> dict[str, Any]:
    """A host as its admins see it. Raises HostNotFound."""
    return host_told(ctx, shown(ctx, [get_host(ctx, org_id, host_id)])[0])


def shown(ctx: Context, hosts: Sequence[Host]) -> list[Shown]:
    """Three statements for all of them, however many they are."""
    ids = [host.id for host in hosts]
    names, keys = defaultdict(list), defaultdict(list)
    for name in ctx.db.scalars(
        select(HostName).where(HostName.host_id.in_(ids)).order_by(HostName.place)
    ):
        names[name.host_id].append(name.name)
    for key in ctx.db.scalars(
        select(HostKey).where(HostKey.host_id.in_(ids)).order_by(HostKey.type, HostKey.id)
    ):
        keys[key.host_id].append(key)
    waiting = select(HostToken.host_id, HostToken.expires_at).where(
        HostToken.host_id.in_(ids),
        HostToken.used_at.is_(None),
        HostToken.voided_at.is_(None),
        HostToken.expires_at > ctx.now,
    )
    until = {row.host_id: row.expires_at for row in ctx.db.execute(waiting)}
    return [Shown(host, names[host.id], keys[host.id], until.get(host.id)) for host in hosts]


def host_told(ctx: Context, found: Shown) -> dict[str, Any]:
    row = found.host
    return {
        **{name: getattr(row, name) for name in TOLD},
        "organization_id": row.org_id,
        "names": found.names,
        "state": state_of(
            now=ctx.now,
            expires_at=row.expires_at,
            suspended_at=row.suspended_at,
            revoked_at=row.revoked_at,
        ),
        "cert_validity_hours": row.life_seconds // HOUR,
        "days_left": days_left(row.expires_at, ctx.now) if row.expires_at else None,
        "renewal_due": row.due_at is not None and row.due_at <= ctx.now,
        "enroll_token_expires_at": found.token_until,
        "last_seen_at": row.seen_at,
        "last_seen_krl_version": row.seen_krl,
        "last_seen_bundle": row.seen_bundle,
        "keys": [{name: getattr(key, name) for name in OF_KEY} for key in found.keys],
    }
