"""HTTP for who holds a principal: members and departments."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import requires
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.departments import queries as departments
from gatehouse.departments.queries import Counted as CountedDepartment
from gatehouse.principals import queries, service
from gatehouse.principals.errors import HoldsPrincipalAlready, OpenToDepartmentAlready
from gatehouse.principals.permissions import PrincipalPermission
from gatehouse.principals.queries import Counted
from gatehouse.principals.schemas import (
    DepartmentOfPrincipalOut,
    OpenedOut,
    PrincipalMemberIn,
    PrincipalMemberOut,
    PrincipalOut,
)

api = Api(
    "principal holders",
    at="/organizations/<uuid:org_id>",
    about="Who may use which principal.",
)
AT = "/principals/<uuid:principal_id>"


@api.get("/departments/<uuid:department_id>/principals")
@requires(PrincipalPermission.READ)
@query(Window)
@returns(PrincipalOut, key="principals", paged=True)
def list_principals_of_department(
    ctx: Context, org_id: UUID, department_id: UUID, *, page: int, per_page: int
) -> Page[Counted]:
    """List the principals that are open to a department."""
    departments.get_department(ctx, org_id, department_id)
    rows = queries.principals_of_department(org_id, department_id)
    return queries.page_of_principals(ctx, rows, page=page, per_page=per_page)


@api.get(f"{AT}/members")
@requires(PrincipalPermission.READ)
@query(Window)
@returns(PrincipalMemberOut, key="members", paged=True)
def list_principal_members(
    ctx: Context, org_id: UUID, principal_id: UUID, *, page: int, per_page: int
) -> Page[dict[str, Any]]:
    """List who holds a principal, directly or through a department."""
    return queries.page_of_members(ctx, org_id, principal_id, page=page, per_page=per_page)


@api.post(f"{AT}/members")
@requires(PrincipalPermission.MANAGE)
@body(PrincipalMemberIn)
@returns(PrincipalMemberOut, HTTPStatus.CREATED, key="member")
@raises(HoldsPrincipalAlready)
def add_principal_member(
    ctx: Context, org_id: UUID, principal_id: UUID, *, email: str | None, user_id: UUID | None
) -> dict[str, Any]:
    """Give a principal to an active member of the organization, by email or user_id."""
    member, place = service.add_member(ctx, org_id, principal_id, email=email, user_id=user_id)
    return queries.shown_place(ctx, principal_id, member, place.id)


@api.delete(f"{AT}/members/<uuid:user_id>")
@requires(PrincipalPermission.MANAGE)
@returns(None)
def remove_principal_member(ctx: Context, org_id: UUID, principal_id: UUID, user_id: UUID) -> None:
    """Take a principal from somebody. What a department opens to them stays open."""
    service.remove_member(ctx, org_id, principal_id, user_id)


@api.get(f"{AT}/departments")
@requires(PrincipalPermission.READ)
@query(Window)
@returns(DepartmentOfPrincipalOut, key="departments", paged=True)
def list_departments_of_principal(
    ctx: Context, org_id: UUID, principal_id: UUID, *, page: int, per_page: int
) -> Page[CountedDepartment]:
    """List the departments that a principal is open to."""
    queries.get_principal(ctx, org_id, principal_id)
    rows = queries.departments_open_to(org_id, principal_id)
    return departments.page_of_departments(ctx, org_id, rows, page=page, per_page=per_page)


@api.post(f"{AT}/departments/<uuid:department_id>")
@requires(PrincipalPermission.MANAGE)
@returns(OpenedOut, HTTPStatus.CREATED)
@raises(OpenToDepartmentAlready)
def open_to_department(
    ctx: Context, org_id: UUID, principal_id: UUID, department_id: UUID
) -> dict[str, Any]:
    """Open a principal to everybody in a department."""
    principal, department = service.add_department(ctx, org_id, principal_id, department_id)
    return {
        "principal": queries.counted(ctx, [principal])[0],
        "department": departments.counted(ctx, org_id, [department])[0],
    }


@api.delete(f"{AT}/departments/<uuid:department_id>")
@requires(PrincipalPermission.MANAGE)
@returns(None)
def close_to_department(
    ctx: Context, org_id: UUID, principal_id: UUID, department_id: UUID
) -> None:
    """Close a principal to a department. Who holds it directly keeps it."""
    service.remove_department(ctx, org_id, principal_id, department_id)
