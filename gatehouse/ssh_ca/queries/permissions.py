"""Who may use an authority, and which organization somebody means."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatehouse.accounts.models import User
from gatehouse.core.access import check_permission, may
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden, NotFound
from gatehouse.organizations.queries import active_places_of
from gatehouse.ssh_ca.errors import (
    AuthorityNotConfigured,
    OrganizationRequired,
)
from gatehouse.ssh_ca.models import (
    Authority,
    AuthorityKind,
    AuthorityPermission,
    KeyState,
    Permission,
)
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.queries.authorities import find_authority, text_of, trusted_keys


def organization_of(ctx: Context, authority_id: UUID) -> UUID:
    """Raises NotFound, as of one of another organization. What the caller may do there is another
    question.
    """
    found: UUID | None = ctx.db.scalar(select(Authority.org_id).where(Authority.id == authority_id))
    if found is None:
        raise NotFound
    return found


def check_authority(
    ctx: Context, org_id: UUID, authority_id: UUID, permission: AuthorityPermissions
) -> None:
    """That the caller may do this with one authority: by their role, or because they look after it.

    Raises what check_permission does.
    """
    role = check_permission(ctx, org_id, AuthorityPermissions.USE)
    if not may(ctx, role, permission) and not looks_after(ctx, org_id, authority_id, ctx.user_id):
        raise Forbidden(needs=permission)


def looks_after(ctx: Context, org_id: UUID, authority_id: UUID, user_id: UUID) -> bool:
    """Whether somebody is named as the one who does."""
    named = (
        select(AuthorityPermission.id)
        .join(Authority, Authority.id == AuthorityPermission.authority_id)
        .where(
            Authority.org_id == org_id,
            Authority.id == authority_id,
            AuthorityPermission.user_id == user_id,
            AuthorityPermission.permission == Permission.ADMIN,
        )
    )
    return ctx.db.scalar(named) is not None


def only_organization(ctx: Context) -> UUID:
    """The one that the caller is in. Raises OrganizationRequired."""
    places = active_places_of(ctx, ctx.user_id)
    if len(places) != 1:
        told = [{"id": str(row.id), "name": row.name, "slug": row.slug} for row in places]
        raise OrganizationRequired(organizations=told)
    org_id: UUID = places[0].id
    return org_id


def trust_told(ctx: Context, org_id: UUID, kind: AuthorityKind) -> dict[str, Any]:
    """Which keys machines believe. Raises AuthorityNotConfigured."""
    authority = find_authority(ctx, org_id, kind)
    keys = trusted_keys(ctx, org_id, kind)
    if authority is None or not keys or keys[0].state is not KeyState.ACTIVE:
        raise AuthorityNotConfigured
    return {
        "organization_id": org_id,
        "ca_name": authority.name,
        "ca_type": kind.value,
        "source": "organization",
        "public_key": text_of(keys[0]),
        "fingerprint": keys[0].fingerprint,
        "keys": [
            {"public_key": text_of(key), "fingerprint": key.fingerprint, "state": key.state}
            for key in keys
        ],
    }


def permissions_told(ctx: Context, authority: Authority) -> dict[str, Any]:
    rows = ctx.db.execute(_permissions_of(authority.id)).all()
    return {
        "ca_id": authority.id,
        "permissions": [_told(row, email) for row, email in rows],
        "open_to_all": all(row.permission is not Permission.SIGN for row, _ in rows),
    }


def permission_told(ctx: Context, row: AuthorityPermission) -> dict[str, Any]:
    one = _permissions_of(row.authority_id).where(AuthorityPermission.id == row.id)
    return _told(*ctx.db.execute(one).one())


def _permissions_of(authority_id: UUID) -> Select[AuthorityPermission, str]:
    return (
        select(AuthorityPermission, User.email)
        .join(User, User.id == AuthorityPermission.user_id)
        .where(AuthorityPermission.authority_id == authority_id)
        .order_by(AuthorityPermission.id)
    )


def _told(row: AuthorityPermission, email: str) -> dict[str, Any]:
    names = ("id", "user_id", "permission", "created_at")
    return {**{name: getattr(row, name) for name in names}, "user_email": email}
