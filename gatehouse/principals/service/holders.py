"""Giving principals to members and departments, and taking them away."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.departments.models import Department
from gatehouse.departments.queries import get_department
from gatehouse.organizations.errors import GuestsStayOutside
from gatehouse.organizations.models import Member
from gatehouse.organizations.queries import get_active_member
from gatehouse.organizations.service import hold_as
from gatehouse.principals.errors import (
    DoesNotHoldPrincipal,
    HoldsPrincipalAlready,
    NotOpenToDepartment,
    OpenToDepartmentAlready,
    RootIsForOwners,
)
from gatehouse.principals.events import (
    PrincipalDepartmentAdded,
    PrincipalDepartmentRemoved,
    PrincipalMemberAdded,
    PrincipalMemberRemoved,
)
from gatehouse.principals.models import Principal, PrincipalDepartment, PrincipalMember
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import find_link, find_place, get_principal, names_held
from gatehouse.principals.rules import is_for_owners


def add_member(
    ctx: Context, org_id: UUID, principal_id: UUID, *, email: str | None, user_id: UUID | None
) -> tuple[Member, PrincipalMember]:
    """Give a principal to a member, directly.

    Raises RootIsForOwners, ActiveMemberNotFound, GuestsStayOutside, HoldsPrincipalAlready.
    """
    principal = _held_to_give(ctx, org_id, principal_id)
    member = get_active_member(ctx, org_id, email=email, user_id=user_id)
    if not may(ctx, member.role, PrincipalPermission.USE):
        raise GuestsStayOutside
    if find_place(ctx, principal_id, member.user_id) is not None:
        raise HoldsPrincipalAlready
    place = PrincipalMember(principal_id=principal_id, user_id=member.user_id, created_at=ctx.now)
    ctx.db.add(place)
    ctx.db.flush()
    event = PrincipalMemberAdded(
        org_id=org_id, user_id=member.user_id, principal_id=principal_id, title=principal.name
    )
    record(ctx, event)
    return member, place


def remove_member(ctx: Context, org_id: UUID, principal_id: UUID, user_id: UUID) -> None:
    """Take a principal from somebody who holds it directly. Raises DoesNotHoldPrincipal."""
    principal = _held(ctx, org_id, principal_id)
    place = find_place(ctx, principal_id, user_id)
    if place is None:
        raise DoesNotHoldPrincipal
    ctx.db.delete(place)
    event = PrincipalMemberRemoved(
        org_id=org_id, user_id=user_id, principal_id=principal_id, title=principal.name
    )
    record(ctx, event)


def add_department(
    ctx: Context, org_id: UUID, principal_id: UUID, department_id: UUID
) -> tuple[Principal, Department]:
    """Open a principal to a department. Raises RootIsForOwners, OpenToDepartmentAlready."""
    principal = _held_to_give(ctx, org_id, principal_id)
    department = get_department(ctx, org_id, department_id)
    if find_link(ctx, principal_id, department_id) is not None:
        raise OpenToDepartmentAlready
    link = PrincipalDepartment(
        principal_id=principal_id, department_id=department_id, created_at=ctx.now
    )
    ctx.db.add(link)
    ctx.db.flush()
    event = PrincipalDepartmentAdded(
        org_id=org_id,
        principal_id=principal_id,
        title=principal.name,
        department_id=department_id,
    )
    record(ctx, event)
    return principal, department


def remove_department(ctx: Context, org_id: UUID, principal_id: UUID, department_id: UUID) -> None:
    """Close a principal to a department. Raises NotOpenToDepartment."""
    principal = _held(ctx, org_id, principal_id)
    link = find_link(ctx, principal_id, department_id)
    if link is None:
        raise NotOpenToDepartment
    ctx.db.delete(link)
    event = PrincipalDepartmentRemoved(
        org_id=org_id,
        principal_id=principal_id,
        title=principal.name,
        department_id=department_id,
    )
    record(ctx, event)


def refuse_a_way_to_root(ctx: Context, org_id: UUID, department_id: UUID) -> None:
    """Whoever is put into a department gets what it is open to. Raises RootIsForOwners."""
    opened = (
        select(Principal.name)
        .join(PrincipalDepartment, PrincipalDepartment.principal_id == Principal.id)
        .where(Principal.org_id == org_id, PrincipalDepartment.department_id == department_id)
    )
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    if may(ctx, role, PrincipalPermission.MAKE_ROOT):
        return
    if any(is_for_owners(name) for name in ctx.db.scalars(opened)):
        raise RootIsForOwners


def refuse_giving_root_back(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Whoever gives a membership back gives all that it holds. Raises RootIsForOwners."""
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    if may(ctx, role, PrincipalPermission.MAKE_ROOT):
        return
    if any(is_for_owners(name) for name in names_held(ctx, org_id, user_id)):
        raise RootIsForOwners


def end_places(ctx: Context, org_id: UUID, user_id: UUID) -> list[str]:
    """Take every principal of one organization from somebody. Returns which they were."""
    theirs = select(Principal.id).where(Principal.org_id == org_id)
    return _end(ctx, user_id, PrincipalMember.principal_id.in_(theirs))


def end_all_places(ctx: Context, user_id: UUID) -> list[str]:
    """Take every principal that there is from somebody. Returns which they were."""
    return _end(ctx, user_id)


def _held(ctx: Context, org_id: UUID, principal_id: UUID) -> Principal:
    """The principal, once the organization is held and the caller may still manage it."""
    hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    return get_principal(ctx, org_id, principal_id)


def _held_to_give(ctx: Context, org_id: UUID, principal_id: UUID) -> Principal:
    """The same, if the caller may let others use it. Raises RootIsForOwners."""
    role = hold_as(ctx, org_id, PrincipalPermission.MANAGE)
    principal = get_principal(ctx, org_id, principal_id)
    if is_for_owners(principal.name) and not may(ctx, role, PrincipalPermission.MAKE_ROOT):
        raise RootIsForOwners
    return principal


def _end(ctx: Context, user_id: UUID, *conditions: Any) -> list[str]:
    rows = ctx.db.scalars(
        delete(PrincipalMember)
        .where(PrincipalMember.user_id == user_id, *conditions)
        .returning(PrincipalMember.principal_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(str(principal_id) for principal_id in rows)
