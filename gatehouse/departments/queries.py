"""Reading departments. Every query is bound to one organization."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from gatehouse.core.context import Context
from gatehouse.core.pagination import Page, paginate, paginate_rows
from gatehouse.departments.errors import DepartmentNotFound
from gatehouse.departments.models import Department, DepartmentMember
from gatehouse.departments.ports import PrincipalCounts
from gatehouse.departments.rules import name_key
from gatehouse.organizations.models import Member
from gatehouse.organizations.queries import as_seen_by, may_read_addresses, members_of


@dataclass(frozen=True, slots=True)
class Counted:
    """A department as it is shown: with how many are in it, and how many principals it opens."""

    department: Department
    member_count: int
    principal_count: int


def departments_of(org_id: UUID) -> Select[Any]:
    """Departments by name."""
    return (
        select(Department)
        .where(Department.org_id == org_id)
        .order_by(Department.name_key, Department.id)
    )


def get_department(ctx: Context, org_id: UUID, department_id: UUID) -> Department:
    found: Department | None = ctx.db.scalar(
        departments_of(org_id).where(Department.id == department_id)
    )
    if found is None:
        raise DepartmentNotFound
    return found


def find_department(ctx: Context, org_id: UUID, name: str) -> Department | None:
    found: Department | None = ctx.db.scalar(
        departments_of(org_id).where(Department.name_key == name_key(name))
    )
    return found


def read_department(ctx: Context, org_id: UUID, department_id: UUID) -> Counted:
    return counted(ctx, org_id, [get_department(ctx, org_id, department_id)])[0]


def page_of_departments(
    ctx: Context, org_id: UUID, departments: Select[Any], *, page: int, per_page: int
) -> Page[Counted]:
    """One page of departments of one organization, with their counts."""
    found = paginate(ctx, departments, page=page, per_page=per_page)
    shown = {row.department.id: row for row in counted(ctx, org_id, found.items)}
    return found.map(lambda department: shown[department.id])


def counted(ctx: Context, org_id: UUID, departments: Sequence[Department]) -> list[Counted]:
    """Two statements for all of them, however many they are."""
    ids = [department.id for department in departments]
    members = _count_members(ctx, ids)
    principals = ctx.ports[PrincipalCounts](ctx, org_id, ids)
    return [Counted(d, members.get(d.id, 0), principals.get(d.id, 0)) for d in departments]


def page_of_members(
    ctx: Context, org_id: UUID, department_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """One page of who is in a department. Raises DepartmentNotFound."""
    get_department(ctx, org_id, department_id)
    rows = (
        members_of(org_id)
        .add_columns(DepartmentMember)
        .join(DepartmentMember, DepartmentMember.user_id == Member.user_id)
        .where(DepartmentMember.department_id == department_id)
    )
    found = paginate_rows(ctx, rows, page=page, per_page=per_page)
    shows_addresses = may_read_addresses(ctx, org_id)
    return found.map(lambda row: shown_place(ctx, *row, shows_addresses=shows_addresses))


def shown_place(
    ctx: Context, member: Member, place: DepartmentMember, *, shows_addresses: bool = True
) -> dict[str, Any]:
    return {
        "id": place.id,
        "user_id": place.user_id,
        "department_id": place.department_id,
        "role": member.role,
        "is_suspended": member.suspended_at is not None,
        "created_at": place.created_at,
        "user": as_seen_by(ctx, member.user, shows_addresses=shows_addresses),
    }


def find_place(ctx: Context, department_id: UUID, user_id: UUID) -> DepartmentMember | None:
    """Somebody's place in a department that was found by its organization."""
    found: DepartmentMember | None = ctx.db.scalar(
        select(DepartmentMember).where(
            DepartmentMember.department_id == department_id, DepartmentMember.user_id == user_id
        )
    )
    return found


def departments_with(user_id: UUID, org_ids: Collection[UUID]) -> Select[Any]:
    """The departments of these organizations that a person is in, by name."""
    return (
        select(Department)
        .join(DepartmentMember, DepartmentMember.department_id == Department.id)
        .where(DepartmentMember.user_id == user_id, Department.org_id.in_(org_ids))
        .order_by(Department.name_key, Department.id)
    )


def departments(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the departments that a person is in."""
    rows = ctx.db.execute(
        select(Department, DepartmentMember.created_at)
        .join(DepartmentMember, DepartmentMember.department_id == Department.id)
        .where(DepartmentMember.user_id == user_id)
        .order_by(DepartmentMember.id)
    )
    return [
        {"id": d.id, "organization_id": d.org_id, "name": d.name, "added_at": added}
        for d, added in rows
    ]


def _count_members(ctx: Context, department_ids: Collection[UUID]) -> Mapping[UUID, int]:
    rows = ctx.db.execute(
        select(DepartmentMember.department_id, func.count())
        .where(DepartmentMember.department_id.in_(department_ids))
        .group_by(DepartmentMember.department_id)
    ).all()
    return dict(rows)
