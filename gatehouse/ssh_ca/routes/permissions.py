"""HTTP for who may use a certificate authority."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import check_permission, elevated, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import OF_AN_ORGANIZATION, StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.organizations.errors import ActiveMemberNotFound
from gatehouse.ssh_ca import queries, service
from gatehouse.ssh_ca.errors import PermissionNotFound, PermissionThere
from gatehouse.ssh_ca.models import Permission
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.schemas import (
    AuthorityPermissionIn,
    AuthorityPermissionOut,
    AuthorityPermissionsOut,
)

api = Api(
    "ssh_authority_permissions",
    at="/organizations/<uuid:org_id>/cas/<uuid:authority_id>/permissions",
    about="Who may use a certificate authority.",
)
by_authority = Api(
    "ssh_authority_permissions_by_authority",
    at="/ssh/ca/<uuid:authority_id>/permissions",
    about="The same by the authority alone.",
)


@api.get()
@requires(AuthorityPermissions.USE)
@returns(AuthorityPermissionsOut)
def list_permissions(ctx: Context, org_id: UUID, authority_id: UUID) -> dict[str, Any]:
    """List who may use it. While nobody may ask by name, every member may ask for certificates."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.READ)
    return queries.permissions_told(ctx, queries.get_authority(ctx, org_id, authority_id))


@api.post()
@requires(AuthorityPermissions.USE)
@elevated
@body(AuthorityPermissionIn)
@returns(AuthorityPermissionOut, HTTPStatus.CREATED, key="permission")
@raises(StepUpRequired, ActiveMemberNotFound, PermissionThere)
def give_permission(
    ctx: Context, org_id: UUID, authority_id: UUID, *, user_id: UUID, permission: Permission
) -> dict[str, Any]:
    """Let a member ask it for certificates (``sign``), or look after it (``admin``): read, change
    and rotate it, and say who may ask. Only admins of the organization name one.
    """
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.MANAGE)
    if permission is Permission.ADMIN:
        check_permission(ctx, org_id, AuthorityPermissions.MANAGE)
    row = service.give_permission(ctx, org_id, authority_id, user_id=user_id, permission=permission)
    return queries.permission_told(ctx, row)


@api.delete("/<uuid:user_id>")
@requires(AuthorityPermissions.USE)
@elevated
@returns(None)
@raises(StepUpRequired, PermissionNotFound)
def take_permissions(ctx: Context, org_id: UUID, authority_id: UUID, user_id: UUID) -> None:
    """Take away what somebody may do with it."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.MANAGE)
    if queries.looks_after(ctx, org_id, authority_id, user_id):
        check_permission(ctx, org_id, AuthorityPermissions.MANAGE)
    service.take_permissions(ctx, org_id, authority_id, user_id)


@by_authority.get()
@signed_in
@returns(AuthorityPermissionsOut)
@raises(*OF_AN_ORGANIZATION)
def list_permissions_by_authority(ctx: Context, authority_id: UUID) -> dict[str, Any]:
    """List who may use an authority."""
    org_id = queries.organization_of(ctx, authority_id)
    return list_permissions(ctx, org_id, authority_id)


@by_authority.post()
@signed_in
@elevated
@body(AuthorityPermissionIn)
@returns(AuthorityPermissionOut, HTTPStatus.CREATED, key="permission")
@raises(StepUpRequired, ActiveMemberNotFound, PermissionThere, *OF_AN_ORGANIZATION)
def give_permission_by_authority(
    ctx: Context, authority_id: UUID, *, user_id: UUID, permission: Permission
) -> dict[str, Any]:
    """Let a member use an authority."""
    org_id = queries.organization_of(ctx, authority_id)
    return give_permission(ctx, org_id, authority_id, user_id=user_id, permission=permission)


@by_authority.delete("/<uuid:user_id>")
@signed_in
@elevated
@returns(None)
@raises(StepUpRequired, PermissionNotFound, *OF_AN_ORGANIZATION)
def take_permissions_by_authority(ctx: Context, authority_id: UUID, user_id: UUID) -> None:
    """Take away what somebody may do with an authority."""
    org_id = queries.organization_of(ctx, authority_id)
    take_permissions(ctx, org_id, authority_id, user_id)
