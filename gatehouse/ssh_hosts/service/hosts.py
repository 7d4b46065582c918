"""Hosts: added, changed, revoked and deleted by the admins of their organization."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.ssh_certificates.queries import has_principal
from gatehouse.ssh_certificates.service import revoke_keys
from gatehouse.ssh_hosts.errors import HostNameTaken, HostRevokedAlready
from gatehouse.ssh_hosts.events import HostChanged, HostCreated, HostDeleted, HostRevoked
from gatehouse.ssh_hosts.models import Host, HostKey, HostName
from gatehouse.ssh_hosts.queries import hold_host, keys_of, names_of, others_with
from gatehouse.ssh_hosts.service.certifying import revoke_certificates, revoke_of_others
from gatehouse.ssh_hosts.service.tokens import void_tokens

PLAIN = ("description", "accounts", "life_seconds")


def create_host(
    ctx: Context,
    org_id: UUID,
    *,
    names: Sequence[str],
    accounts: dict[str, list[str]],
    life_seconds: int,
    description: str | None,
) -> Host:
    """Add a host that is still to be enrolled. Raises HostNameTaken."""
    row = Host(
        org_id=org_id,
        accounts=accounts,
        life_seconds=life_seconds,
        description=description,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(row)
    ctx.db.flush()
    _name(ctx, row, names)
    record(ctx, HostCreated(org_id=org_id, ssh_host_id=row.id, names=tuple(names)))
    return row


def change_host(ctx: Context, org_id: UUID, host_id: UUID, **changes: Any) -> Host:
    """Change ``names``, ``accounts``, ``description`` or ``life_seconds``, or suspend it for a
    while. Raises HostNotFound, HostNameTaken.
    """
    row = hold_host(ctx, org_id, host_id)
    before = names_of(ctx, row.id)
    changed = [name for name in PLAIN if name in changes and getattr(row, name) != changes[name]]
    for name in changed:
        setattr(row, name, changes[name])
    if "names" in changes and tuple(changes["names"]) != before:
        ctx.execute(delete(HostName).where(HostName.host_id == row.id))
        _name(ctx, row, changes["names"])
        _revoke_former_names(ctx, row, set(before).difference(changes["names"]))
        if row.enrolled_at is not None:  # Until it is, others go on under its names.
            new = set(changes["names"]).difference(before)
            revoke_of_others(ctx, row, new, reason=HostChanged.name)
        changed.append("names")
    if "suspended" in changes and changes["suspended"] != (row.suspended_at is not None):
        row.suspended_at = ctx.now if changes["suspended"] else None
        changed.append("suspended")
    if changed:
        row.updated_at = ctx.now
        ctx.db.flush()
        record(ctx, HostChanged(org_id=org_id, ssh_host_id=row.id, fields=tuple(changed)))
    return row


def revoke_host(ctx: Context, org_id: UUID, host_id: UUID, *, reason: str | None) -> Host:
    """End all that it has: its certificates, its credential, and what its keys are good for. They
    are revoked ones of the organization, and stay so without the host.

    It may be enrolled again, with other keys. Raises HostNotFound, HostRevokedAlready.
    """
    row = hold_host(ctx, org_id, host_id)
    if row.revoked_at is not None:
        raise HostRevokedAlready
    row.revoked_at, row.revocation_reason = ctx.now, reason
    row.credential_hash = row.certified_at = row.expires_at = row.due_at = None
    row.updated_at = ctx.now
    void_tokens(ctx, row.id)
    said = reason or HostRevoked.name
    revoke_certificates(ctx, row, reason=said)
    revoke_keys(ctx, org_id, [key.fingerprint for key in keys_of(ctx, row.id)], reason=said)
    ctx.execute(update(HostKey).where(HostKey.host_id == row.id).values(revoked_at=ctx.now))
    ctx.db.flush()
    record(ctx, HostRevoked(org_id=org_id, ssh_host_id=row.id, reason=reason))
    return row


def delete_host(ctx: Context, org_id: UUID, host_id: UUID) -> None:
    """Its names are free again, and such keys of it as were not revoked. Raises HostNotFound."""
    row = hold_host(ctx, org_id, host_id)
    names = names_of(ctx, row.id)
    revoke_certificates(ctx, row, reason=HostDeleted.name)
    ctx.execute(delete(Host).where(Host.id == row.id))
    record(ctx, HostDeleted(org_id=org_id, ssh_host_id=row.id, names=names))


def _revoke_former_names(ctx: Context, row: Host, names: set[str]) -> None:
    """Another host may have them from now on."""
    if names:
        has_one = or_(*(has_principal(name) for name in sorted(names)))
        revoke_certificates(ctx, row, has_one, reason=HostChanged.name)


def _name(ctx: Context, row: Host, names: Sequence[str]) -> None:
    """Of many who want a name at once, one gets it. Raises HostNameTaken."""
    taken = others_with(ctx, row.org_id, names, but=row.id)
    if taken:
        raise HostNameTaken(names=taken)
    own = {"org_id": row.org_id, "host_id": row.id, "created_at": ctx.now}
    ctx.db.add_all(HostName(name=name, place=place, **own) for place, name in enumerate(names))
    try:
        ctx.db.flush()
    except IntegrityError:
        raise HostNameTaken from None
