"""HTTP for the record."""

from typing import Any
from uuid import UUID

from gatehouse.audit import queries, service
from gatehouse.audit.permissions import AuditPermission
from gatehouse.audit.queries import Filters, Line
from gatehouse.audit.schemas import FORMATS, AuditLogOut, AuditQuery, ExportQuery
from gatehouse.core.access import check_permission, elevated, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, query, returns, streams
from gatehouse.core.pagination import Page
from gatehouse.core.rate_limit import limited
from gatehouse.core.streaming import Stream

AT_ONCE = 1000  # entries in a piece of an export

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
    reach = queries.own_entries(ctx.user_id)
    return queries.read_lines(
        ctx, reach, Filters(**filters), page=page, per_page=per_page, cursor=cursor
    )


@api.get("/audit-logs")
@signed_in
@query(AuditQuery)
@returns(AuditLogOut, key="audit_logs", paged=True, beside={"is_admin_view": {"type": "boolean"}})
def list_entries(
    ctx: Context, *, page: int, per_page: int, cursor: UUID | None, **filters: Any
) -> Page[Line]:
    """List your own entries and those of every organization that you administer, newest first.

    An operator sees everything. `is_admin_view` says whether it is more than your own.
    """
    reach = queries.reach_of(ctx, ctx.user_id)
    found = queries.read_lines(
        ctx, reach, Filters(**filters), page=page, per_page=per_page, cursor=cursor
    )
    return found.with_beside(is_admin_view=reach.is_of_admins)


@api.get("/organizations/<uuid:org_id>/audit-logs")
@requires(AuditPermission.READ)
@query(AuditQuery)
@returns(AuditLogOut, key="audit_logs", paged=True)
def list_entries_of_organization(
    ctx: Context, org_id: UUID, *, page: int, per_page: int, cursor: UUID | None, **filters: Any
) -> Page[Line]:
    """List what happened in an organization, newest first."""
    reach = queries.entries_of(org_id)
    return queries.read_lines(
        ctx, reach, Filters(**filters), page=page, per_page=per_page, cursor=cursor
    )


@api.get("/organizations/<uuid:org_id>/audit-logs/export")
@requires(AuditPermission.EXPORT)
@elevated
@limited("10/minute;60/hour", per="user")
@query(ExportQuery)
@streams("application/x-ndjson", "text/csv")
def export_entries_of_organization(
    ctx: Context, org_id: UUID, *, file_format: str, **filters: Any
) -> Stream:
    """Export what happened in an organization, newest first, as JSON Lines or CSV.

    The export is on record itself. In CSV, what a spreadsheet would calculate begins with `'`.
    """
    chosen, reach = Filters(**filters), queries.entries_of(org_id)
    service.record_export(ctx, org_id, file_format=file_format, filters=chosen)
    content_type, written, broken = FORMATS[file_format]

    def read(later: Context, mark: UUID | None) -> tuple[bytes, UUID | None]:
        check_permission(later, org_id, AuditPermission.EXPORT)
        lines = queries.read_batch(later, reach, chosen, cursor=mark, most=AT_ONCE)
        has_more = len(lines) == AT_ONCE
        return written(lines, is_first=mark is None), lines[-1].id if has_more else None

    name = f"audit-{org_id}-{ctx.now:%Y%m%dT%H%M%SZ}.{file_format}"
    return Stream(content_type, name, read, broken)
