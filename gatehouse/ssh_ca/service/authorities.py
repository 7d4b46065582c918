"""Authorities: created, changed, deleted, and who may use them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.organizations.queries import get_active_member
from gatehouse.ssh_ca.errors import (
    AuthorityInUse,
    AuthorityKindTaken,
    AuthorityNameTaken,
    PermissionNotFound,
    PermissionThere,
)
from gatehouse.ssh_ca.events import (
    AuthorityChanged,
    AuthorityCreated,
    AuthorityDeleted,
    AuthorityPermissionGiven,
    AuthorityPermissionTaken,
)
from gatehouse.ssh_ca.models import (
    Authority,
    AuthorityKey,
    AuthorityKind,
    AuthorityPermission,
    KeyState,
    Permission,
)
from gatehouse.ssh_ca.ports import LivingCertificates, RevocationsHeld
from gatehouse.ssh_ca.queries import authorities_of, find_authority, get_authority
from gatehouse.ssh_ca.service.keys import new_key


def create_authority(
    ctx: Context, org_id: UUID, *, kind: AuthorityKind, key_type: str, **fields: Any
) -> Authority:
    """Create an authority with a key that signs at once: nobody believes another one yet.

    Raises AuthorityKindTaken, AuthorityNameTaken, Invalid.
    """
    _refuse_a_default_above_the_most(fields["default_seconds"], fields["max_seconds"])
    if find_authority(ctx, org_id, kind) is not None:
        raise AuthorityKindTaken
    authority = Authority(
        org_id=org_id, kind=kind, created_at=ctx.now, updated_at=ctx.now, **fields
    )
    ctx.db.add(authority)
    _flush(ctx)
    key = new_key(ctx, authority, key_type, KeyState.ACTIVE)
    ctx.db.add(key)
    ctx.db.flush()
    event = AuthorityCreated(
        org_id=org_id,
        ssh_authority_id=authority.id,
        kind=kind.value,
        fingerprint=key.fingerprint,
    )
    record(ctx, event)
    return authority


def change_authority(ctx: Context, org_id: UUID, authority_id: UUID, **changes: Any) -> Authority:
    """Raises AuthorityNotFound, AuthorityNameTaken, Invalid."""
    row = get_authority(ctx, org_id, authority_id)
    changed = tuple(name for name, value in changes.items() if getattr(row, name) != value)
    if not changed:
        return row
    for name in changed:
        setattr(row, name, changes[name])
    _refuse_a_default_above_the_most(row.default_seconds, row.max_seconds)
    row.updated_at = ctx.now
    _flush(ctx)
    record(ctx, AuthorityChanged(org_id=org_id, ssh_authority_id=row.id, fields=changed))
    return row


def delete_authority(
    ctx: Context, org_id: UUID, authority_id: UUID, *, reason: str | None, force: bool
) -> None:
    """Nothing that it has signed counts any more. Its private keys are deleted.

    Raises AuthorityNotFound; AuthorityInUse, unless with ``force``.
    """
    ctx.ports[RevocationsHeld](ctx, org_id)
    row = get_authority(ctx, org_id, authority_id)
    if not force and ctx.ports[LivingCertificates](ctx, row.id):
        raise AuthorityInUse
    _close(ctx, row, reason)
    record(ctx, AuthorityDeleted(org_id=org_id, ssh_authority_id=row.id, reason=reason))


def close_authorities(ctx: Context, org_id: UUID) -> int:
    """Those of an organization that goes. Returns how many there were."""
    ctx.ports[RevocationsHeld](ctx, org_id)
    rows = ctx.db.scalars(authorities_of(org_id)).all()
    for row in rows:
        _close(ctx, row, "the organization was deleted")
    return len(rows)


def _close(ctx: Context, row: Authority, reason: str | None) -> None:
    is_sealed = AuthorityKey.state == KeyState.SEALED
    living = (
        AuthorityKey.authority_id == row.id,
        or_(AuthorityKey.private_sealed.is_not(None), is_sealed),
    )
    gone: dict[str, Any] = {
        "state": KeyState.RETIRED,
        "private_sealed": None,
        "key_sealed": None,
        "ended_at": ctx.now,
        "reason": reason,
    }
    ctx.execute(update(AuthorityKey).where(*living).values(**gone))
    row.deleted_at = ctx.now


def give_permission(
    ctx: Context, org_id: UUID, authority_id: UUID, *, user_id: UUID, permission: Permission
) -> AuthorityPermission:
    """Raises AuthorityNotFound, ActiveMemberNotFound, PermissionThere."""
    authority = get_authority(ctx, org_id, authority_id)
    get_active_member(ctx, org_id, email=None, user_id=user_id)
    row = AuthorityPermission(
        authority_id=authority.id, user_id=user_id, permission=permission, created_at=ctx.now
    )
    ctx.db.add(row)
    try:
        ctx.db.flush()
    except IntegrityError:
        raise PermissionThere from None
    event = AuthorityPermissionGiven(
        org_id=org_id,
        ssh_authority_id=authority.id,
        user_id=user_id,
        permission=permission.value,
    )
    record(ctx, event)
    return row


def take_permissions(ctx: Context, org_id: UUID, authority_id: UUID, user_id: UUID) -> None:
    """Raises AuthorityNotFound, PermissionNotFound."""
    authority = get_authority(ctx, org_id, authority_id)
    theirs = AuthorityPermission.authority_id == authority.id
    gone = delete(AuthorityPermission).where(theirs, AuthorityPermission.user_id == user_id)
    if not ctx.execute(gone):
        raise PermissionNotFound
    record(
        ctx,
        AuthorityPermissionTaken(org_id=org_id, ssh_authority_id=authority.id, user_id=user_id),
    )


def _refuse_a_default_above_the_most(default: int, most: int) -> None:
    if default > most:
        raise Invalid(default_cert_validity_hours=["Must not be above max_cert_validity_hours."])


def _flush(ctx: Context) -> None:
    """Of many at once one gets the name, and the kind."""
    try:
        ctx.db.flush()
    except IntegrityError as error:
        # What comes below the first line on PostgreSQL are values, which people have chosen.
        is_kind = "kind" in str(error.orig).partition("\n")[0]
        raise (AuthorityKindTaken if is_kind else AuthorityNameTaken) from None


@dataclass(frozen=True, slots=True)
class PermissionsEnded:
    """How many there were, and how many authorities are open to every member for it."""

    count: int
    opened: int


def end_permissions(ctx: Context, user_id: UUID, org_id: UUID | None = None) -> PermissionsEnded:
    """Take what somebody may do with authorities, of one organization or of all. For good."""
    theirs = delete(AuthorityPermission).where(AuthorityPermission.user_id == user_id)
    if org_id is not None:
        own = select(Authority.id).where(Authority.org_id == org_id)
        theirs = theirs.where(AuthorityPermission.authority_id.in_(own))
    columns = AuthorityPermission.authority_id, AuthorityPermission.permission
    gone = ctx.db.execute(theirs.returning(*columns)).all()
    signing = AuthorityPermission.permission == Permission.SIGN
    asked = {row.authority_id for row in gone if row.permission is Permission.SIGN}
    closed = select(AuthorityPermission.authority_id).where(
        signing, AuthorityPermission.authority_id.in_(asked)
    )
    return PermissionsEnded(len(gone), len(asked.difference(ctx.db.scalars(closed))))
