"""The rules of departments.

Each act first takes hold of the organization and reads the caller's role again, as those on its
members do: nobody is put into a department while they are being removed.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.departments.errors import (
    DepartmentNameTaken,
    InDepartmentAlready,
    NotInDepartment,
)
from gatehouse.departments.events import (
    DepartmentChanged,
    DepartmentCreated,
    DepartmentDeleted,
    DepartmentMemberAdded,
    DepartmentMemberRemoved,
)
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.permissions import DepartmentPermission
from gatehouse.departments.queries import find_department, find_place, get_department
from gatehouse.departments.rules import name_key
from gatehouse.organizations.errors import GuestsStayOutside
from gatehouse.organizations.models import Member
from gatehouse.organizations.queries import departed_from, get_active_member
from gatehouse.organizations.service import hold_as


def create_department(
    ctx: Context, org_id: UUID, *, name: str, description: str | None = None
) -> Department:
    """Create a department. Raises DepartmentNameTaken."""
    hold_as(ctx, org_id, DepartmentPermission.MANAGE)
    _refuse_a_taken_name(ctx, org_id, name)
    department = Department(
        org_id=org_id,
        name=name,
        name_key=name_key(name),
        description=description,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.db.add(department)
    ctx.db.flush()
    record(ctx, DepartmentCreated(org_id=org_id, department_id=department.id, title=name))
    return department


def change_department(
    ctx: Context, org_id: UUID, department_id: UUID, **changes: Any
) -> Department:
    """Change the name or the description; what is not named stays. Raises DepartmentNameTaken."""
    hold_as(ctx, org_id, DepartmentPermission.MANAGE)
    department = get_department(ctx, org_id, department_id)
    changed = tuple(key for key, value in changes.items() if getattr(department, key) != value)
    if not changed:
        return department
    if "name" in changed:
        _refuse_a_taken_name(ctx, org_id, changes["name"], but=department)
        department.name_key = name_key(changes["name"])
    for key in changed:
        setattr(department, key, changes[key])
    department.updated_at = ctx.now
    ctx.db.flush()
    event = DepartmentChanged(
        org_id=org_id, department_id=department.id, title=department.name, fields=changed
    )
    record(ctx, event)
    return department


def delete_department(ctx: Context, org_id: UUID, department_id: UUID) -> None:
    """Delete a department. Whoever was in it stays in the organization."""
    hold_as(ctx, org_id, DepartmentPermission.MANAGE)
    department = get_department(ctx, org_id, department_id)
    title = department.name
    ctx.execute(delete(Department).where(Department.id == department.id))
    record(ctx, DepartmentDeleted(org_id=org_id, department_id=department_id, title=title))


def add_member(
    ctx: Context, org_id: UUID, department_id: UUID, *, email: str | None, user_id: UUID | None
) -> tuple[Member, DepartmentMember]:
    """Put a member into a department.

    Raises ActiveMemberNotFound, GuestsStayOutside, InDepartmentAlready.
    """
    hold_as(ctx, org_id, DepartmentPermission.MANAGE)
    department = get_department(ctx, org_id, department_id)
    member = get_active_member(ctx, org_id, email=email, user_id=user_id)
    if not may(ctx, member.role, DepartmentPermission.READ):
        raise GuestsStayOutside
    if find_place(ctx, department_id, member.user_id) is not None:
        raise InDepartmentAlready
    place = DepartmentMember(
        department_id=department_id, user_id=member.user_id, created_at=ctx.now
    )
    ctx.db.add(place)
    ctx.db.flush()
    event = DepartmentMemberAdded(
        org_id=org_id, user_id=member.user_id, department_id=department_id, title=department.name
    )
    record(ctx, event)
    return member, place


def remove_member(ctx: Context, org_id: UUID, department_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a department. Raises NotInDepartment."""
    hold_as(ctx, org_id, DepartmentPermission.MANAGE)
    department = get_department(ctx, org_id, department_id)
    place = find_place(ctx, department_id, user_id)
    if place is None:
        raise NotInDepartment
    ctx.db.delete(place)
    event = DepartmentMemberRemoved(
        org_id=org_id, user_id=user_id, department_id=department_id, title=department.name
    )
    record(ctx, event)


def end_places(ctx: Context, org_id: UUID, user_id: UUID) -> list[str]:
    """Take somebody out of every department of one organization. Returns which they were."""
    theirs = select(Department.id).where(Department.org_id == org_id)
    return _end(ctx, user_id, DepartmentMember.department_id.in_(theirs))


def end_all_places(ctx: Context, user_id: UUID) -> list[str]:
    """Take somebody out of every department there is. Returns which they were."""
    return _end(ctx, user_id)


def remove_departments(ctx: Context, org_id: UUID) -> None:
    """Delete the departments of an organization that goes."""
    ctx.execute(delete(Department).where(Department.org_id == org_id))


def remove_departments_left_by(ctx: Context, user_id: UUID) -> None:
    """Delete the departments of the organizations that went along with somebody's account."""
    gone = departed_from(ctx, user_id)
    ctx.execute(delete(Department).where(Department.org_id.in_(gone)))


def _end(ctx: Context, user_id: UUID, *conditions: Any) -> list[str]:
    rows = ctx.db.scalars(
        delete(DepartmentMember)
        .where(DepartmentMember.user_id == user_id, *conditions)
        .returning(DepartmentMember.department_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(str(department_id) for department_id in rows)


def _refuse_a_taken_name(
    ctx: Context, org_id: UUID, name: str, *, but: Department | None = None
) -> None:
    found = find_department(ctx, org_id, name)
    if found is not None and found is not but:
        raise DepartmentNameTaken(name=name)
