"""HTTP for the record."""

from typing import Any
from uuid import UUID

from gatehouse.audit import queries
from gatehouse.audit.permissions import AuditPermission
from gatehouse.audit.queries import Filters, Line
from gatehouse.audit.schemas import AuditLogOut, AuditQuery
from gatehouse.core.access import requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, query, returns
from gatehouse.core.pagination import Page

api = Api("audit", about="The permanent record of every act and every refused sign-in.")


@api.get("/auth/audit-logs")
@signed_in
@query(AuditQuery)
@returns(AuditLogOut, key="audit_logs", paged=True)
def list_own_entries(
    ctx: Context, *, page: int, per_page: int, cursor: UUID | None, **filters: Any
) -> Page[Line]:
    """List what you did and what happened to your account, newest first.

    Of what others did to your memberships you see who it was, not their address or network.
    """
    entries = queries.own_entries(ctx.user_id)
    return queries.read_lines(
        ctx,
        entries,
        Filters(**filters),
        page=page,
        per_page=per_page,
        cursor=cursor,
        shows_others=False,
    )


@api.get("/organizations/<uuid:org_id>/audit-logs")
@requires(AuditPermission.READ)
@query(AuditQuery)
@returns(AuditLogOut, key="audit_logs", paged=True)
def list_entries_of_organization(
    ctx: Context, org_id: UUID, *, page: int, per_page: int, cursor: UUID | None, **filters: Any
) -> Page[Line]:
    """List what happened in an organization, newest first."""
    entries = queries.entries_of(org_id)
    return queries.read_lines(
        ctx,
        entries,
        Filters(**filters),
        page=page,
        per_page=per_page,
        cursor=cursor,
        shows_others=True,
    )
