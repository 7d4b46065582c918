"""Creating, changing and deleting principals."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete

from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.roles import Role
from gatehouse.organizations.queries import departed_from
from gatehouse.organizations.service import hold_as
from gatehouse.principals.errors import PrincipalNameTaken, RootIsForOwners
from gatehouse.principals.events import PrincipalChanged, PrincipalCreated, PrincipalDeleted
from gatehouse.principals.models import Principal
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import find_principal, get_principal
from gatehouse.principals.rules import is_for_owners


def create_principal(
    ctx: Context, org_id: UUID, *, name: str, description: str | None = None
) -> Principal:
    """Create a principal. Raises PrincipalNameTaken, RootIsForOwners."""
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    _check_name(ctx, org_id, role, name)
    principal = Principal(
        org_id=org_id,
        name=name,
        description=description,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(principal)
    ctx.db.flush()
    record(ctx, PrincipalCreated(org_id=org_id, principal_id=principal.id, title=name))
    return principal


def change_principal(ctx: Context, org_id: UUID, principal_id: UUID, **changes: Any) -> Principal:
    """Change the name or the description; what is not named stays.

    Raises PrincipalNameTaken, RootIsForOwners.
    """
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    principal = get_principal(ctx, org_id, principal_id)
    changed = tuple(key for key, value in changes.items() if getattr(principal, key) != value)
    if not changed:
        return principal
    old_name = principal.name
    if "name" in changed:
        _refuse_root(ctx, role, old_name)
        _check_name(ctx, org_id, role, changes["name"])
    for key in changed:
        setattr(principal, key, changes[key])
    principal.updated_at = ctx.now
    ctx.db.flush()
    event = PrincipalChanged(
        org_id=org_id,
        principal_id=principal.id,
        title=principal.name,
        old_title=old_name,
        fields=changed,
    )
    record(ctx, event)
    return principal


def delete_principal(ctx: Context, org_id: UUID, principal_id: UUID) -> None:
    """Delete a principal. Nobody may use it from then on. Raises RootIsForOwners."""
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    title = get_principal(ctx, org_id, principal_id).name
    _refuse_root(ctx, role, title)
    ctx.execute(delete(Principal).where(Principal.id == principal_id))
    record(ctx, PrincipalDeleted(org_id=org_id, principal_id=principal_id, title=title))


def remove_principals(ctx: Context, org_id: UUID) -> None:
    """Delete the principals of an organization that goes."""
    ctx.execute(delete(Principal).where(Principal.org_id == org_id))


def remove_principals_left_by(ctx: Context, user_id: UUID) -> None:
    """Delete the principals of the organizations that went along with somebody's account."""
    gone = departed_from(ctx, user_id)
    ctx.execute(delete(Principal).where(Principal.org_id.in_(gone)))


def _check_name(ctx: Context, org_id: UUID, role: Role, name: str) -> None:
    """A new name, of a new principal or an old one, is free and within the caller's rights."""
    _refuse_root(ctx, role, name)
    if find_principal(ctx, org_id, name) is not None:
        raise PrincipalNameTaken(name=name)


def _refuse_root(ctx: Context, role: Role, name: str) -> None:
    """What an owner made for the owners' sake is theirs to make, rename and delete."""
    if is_for_owners(name) and not may(ctx, role, PrincipalPermission.MAKE_ROOT):
        raise RootIsForOwners
