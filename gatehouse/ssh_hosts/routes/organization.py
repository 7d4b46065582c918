"""HTTP for the hosts of an organization."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window
from gatehouse.ssh_hosts import queries, service
from gatehouse.ssh_hosts.errors import HostNameTaken, HostRevokedAlready
from gatehouse.ssh_hosts.permissions import HostPermission
from gatehouse.ssh_hosts.schemas import (
    HostChanges,
    HostIn,
    HostOut,
    HostRevocationIn,
    NewHostTokenOut,
)

api = Api(
    "ssh_hosts",
    at="/organizations/<uuid:org_id>/ssh/hosts",
    about="An organization's machines, which prove themselves by certificates.",
)


@api.get()
@requires(HostPermission.READ)
@query(Window)
@returns(HostOut, key="hosts", paged=True)
def list_hosts(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[dict[str, Any]]:
    """List the hosts by their first names, with what is left of their certificates."""
    return queries.page_of_hosts(ctx, org_id, page=page, per_page=per_page)


@api.post()
@requires(HostPermission.MANAGE)
@body(HostIn)
@returns(HostOut, HTTPStatus.CREATED, key="host")
@raises(HostNameTaken)
def create_host(ctx: Context, org_id: UUID, **fields: Any) -> dict[str, Any]:
    """Add a host under its exact names. It is then to be enrolled."""
    return queries.read_host(ctx, org_id, service.create_host(ctx, org_id, **fields).id)


@api.get("/<uuid:host_id>")
@requires(HostPermission.READ)
@returns(HostOut, key="host")
def read_host(ctx: Context, org_id: UUID, host_id: UUID) -> dict[str, Any]:
    """Read a host, with its keys."""
    return queries.read_host(ctx, org_id, host_id)


@api.patch("/<uuid:host_id>")
@requires(HostPermission.MANAGE)
@body(HostChanges)
@returns(HostOut, key="host")
@raises(HostNameTaken)
def change_host(ctx: Context, org_id: UUID, host_id: UUID, **changes: Any) -> dict[str, Any]:
    """Change a host, or suspend it for a while; what you do not send stays."""
    service.change_host(ctx, org_id, host_id, **changes)
    return queries.read_host(ctx, org_id, host_id)


@api.delete("/<uuid:host_id>")
@requires(HostPermission.MANAGE)
@returns(None)
def delete_host(ctx: Context, org_id: UUID, host_id: UUID) -> None:
    """Delete a host. Its certificates are revoked, and its names are free again."""
    service.delete_host(ctx, org_id, host_id)


@api.post("/<uuid:host_id>/enroll-token")
@requires(HostPermission.MANAGE)
@elevated
@returns(NewHostTokenOut, HTTPStatus.CREATED)
@raises(StepUpRequired)
def make_enroll_token(ctx: Context, org_id: UUID, host_id: UUID) -> dict[str, Any]:
    """Make the token with which the host enrols itself, once and soon. The one before is void."""
    made = service.make_token(ctx, org_id, host_id)
    return {"token": made.token, "expires_at": made.expires_at, "host_id": host_id}


@api.post("/<uuid:host_id>/revoke")
@requires(HostPermission.MANAGE)
@body(HostRevocationIn)
@returns(HostOut, key="host")
@raises(HostRevokedAlready)
def revoke_host(ctx: Context, org_id: UUID, host_id: UUID, *, reason: str | None) -> dict[str, Any]:
    """End all that a host has. It may be enrolled again, with other keys."""
    service.revoke_host(ctx, org_id, host_id, reason=reason)
    return queries.read_host(ctx, org_id, host_id)
