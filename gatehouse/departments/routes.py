"""HTTP for departments."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import requires
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.departments import queries, service
from gatehouse.departments.errors import DepartmentNameTaken, InDepartmentAlready
from gatehouse.departments.permissions import DepartmentPermission
from gatehouse.departments.queries import Counted
from gatehouse.departments.schemas import (
    DepartmentChanges,
    DepartmentIn,
    DepartmentMemberIn,
    DepartmentMemberOut,
    DepartmentOut,
)

api = Api(
    "departments",
    at="/organizations/<uuid:org_id>/departments",
    about="Groups of members inside an organization.",
)


@api.get()
@requires(DepartmentPermission.READ)
@query(Window)
@returns(DepartmentOut, key="departments", paged=True)
def list_departments(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Counted]:
    """List the departments by name."""
    rows = queries.departments_of(org_id)
    return queries.page_of_departments(ctx, org_id, rows, page=page, per_page=per_page)


@api.post()
@requires(DepartmentPermission.MANAGE)
@body(DepartmentIn)
@returns(DepartmentOut, HTTPStatus.CREATED, key="department")
@raises(DepartmentNameTaken)
def create_department(ctx: Context, org_id: UUID, **fields: Any) -> Counted:
    """Create a department. Its name is the organization's only one of that spelling."""
    department = service.create_department(ctx, org_id, **fields)
    return Counted(department, member_count=0, principal_count=0)


@api.get("/<uuid:department_id>")
@requires(DepartmentPermission.READ)
@returns(DepartmentOut, key="department")
def read_department(ctx: Context, org_id: UUID, department_id: UUID) -> Counted:
    """Read a department."""
    return queries.read_department(ctx, org_id, department_id)


@api.patch("/<uuid:department_id>")
@requires(DepartmentPermission.MANAGE)
@body(DepartmentChanges, partial=True)
@returns(DepartmentOut, key="department")
@raises(DepartmentNameTaken)
def change_department(ctx: Context, org_id: UUID, department_id: UUID, **changes: Any) -> Counted:
    """Change the name or the description; what you do not send stays."""
    service.change_department(ctx, org_id, department_id, **changes)
    return queries.read_department(ctx, org_id, department_id)


@api.delete("/<uuid:department_id>")
@requires(DepartmentPermission.MANAGE)
@returns(None)
def delete_department(ctx: Context, org_id: UUID, department_id: UUID) -> None:
    """Delete a department. Its members lose the principals that it opened to them."""
    service.delete_department(ctx, org_id, department_id)


@api.get("/<uuid:department_id>/members")
@requires(DepartmentPermission.READ)
@query(Window)
@returns(DepartmentMemberOut, key="members", paged=True)
def list_department_members(
    ctx: Context, org_id: UUID, department_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """List who is in a department. Addresses are shown to those who manage members."""
    return queries.page_of_members(ctx, org_id, department_id, page=page, per_page=per_page)


@api.post("/<uuid:department_id>/members")
@requires(DepartmentPermission.MANAGE)
@body(DepartmentMemberIn)
@returns(DepartmentMemberOut, HTTPStatus.CREATED, key="member")
@raises(InDepartmentAlready)
def add_department_member(
    ctx: Context, org_id: UUID, department_id: UUID, *, email: str | None, user_id: UUID | None
) -> dict[str, Any]:
    """Put an active member of the organization, by email or user_id, into a department."""
    added = service.add_member(ctx, org_id, department_id, email=email, user_id=user_id)
    return queries.shown_place(ctx, *added)


@api.delete("/<uuid:department_id>/members/<uuid:user_id>")
@requires(DepartmentPermission.MANAGE)
@returns(None)
def remove_department_member(
    ctx: Context, org_id: UUID, department_id: UUID, user_id: UUID
) -> None:
    """Take somebody out of a department, and so out of its principals."""
    service.remove_member(ctx, org_id, department_id, user_id)
