"""HTTP for an organization's certificate authorities."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.ssh_ca import queries, service
from gatehouse.ssh_ca.errors import (
    AuthorityInUse,
    AuthorityKeyState,
    AuthorityKindTaken,
    AuthorityNameTaken,
    AuthorityNotConfigured,
    RotationInProgress,
)
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.permissions import AuthorityPermissions
from gatehouse.ssh_ca.ports import CertificateTotals, ReachOfKeys, Totals
from gatehouse.ssh_ca.schemas import (
    AuthorityChanges,
    AuthorityCompromiseIn,
    AuthorityDeletionIn,
    AuthorityGoneOut,
    AuthorityIn,
    AuthorityKeyOut,
    AuthorityOut,
    AuthorityRetirementIn,
    AuthorityRotatedOut,
    AuthorityRotationIn,
    TrustedOut,
)

api = Api(
    "ssh_authorities",
    at="/organizations/<uuid:org_id>/cas",
    about="The certificate authorities that an organization's machines believe.",
)


@api.get()
@requires(AuthorityPermissions.READ)
@returns(AuthorityOut, key="cas", listed=True)
def list_authorities(ctx: Context, org_id: UUID) -> list[dict[str, Any]]:
    """List the certificate authorities, with their keys: one for users, one for hosts."""
    rows = ctx.db.scalars(queries.authorities_of(org_id)).all()
    totals = ctx.ports[CertificateTotals](ctx, org_id)
    found = queries.shown(ctx, rows)
    return [queries.as_told(each, totals.get(each.authority.id, Totals())) for each in found]


@api.post()
@requires(AuthorityPermissions.MANAGE)
@elevated
@body(AuthorityIn)
@returns(AuthorityOut, HTTPStatus.CREATED, key="ca")
@raises(StepUpRequired, AuthorityKindTaken, AuthorityNameTaken)
def create_authority(
    ctx: Context, org_id: UUID, *, kind: AuthorityKind, key_type: str, **fields: Any
) -> dict[str, Any]:
    """Create a certificate authority, with a key that signs at once."""
    row = service.create_authority(ctx, org_id, kind=kind, key_type=key_type, **fields)
    return _told(ctx, org_id, row.id)


@api.get("/<uuid:authority_id>")
@requires(AuthorityPermissions.USE)
@returns(AuthorityOut, key="ca")
def read_authority(ctx: Context, org_id: UUID, authority_id: UUID) -> dict[str, Any]:
    """Read a certificate authority, with its keys."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.READ)
    return _told(ctx, org_id, authority_id)


@api.patch("/<uuid:authority_id>")
@requires(AuthorityPermissions.USE)
@elevated
@body(AuthorityChanges)
@returns(AuthorityOut, key="ca")
@raises(StepUpRequired, AuthorityNameTaken)
def change_authority(
    ctx: Context, org_id: UUID, authority_id: UUID, **changes: Any
) -> dict[str, Any]:
    """Change the name, or how long certificates last; what you do not send stays."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.MANAGE)
    service.change_authority(ctx, org_id, authority_id, **changes)
    return _told(ctx, org_id, authority_id)


@api.delete("/<uuid:authority_id>")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@body(AuthorityDeletionIn)
@returns(AuthorityGoneOut)
@raises(StepUpRequired, AuthorityInUse)
def delete_authority(
    ctx: Context, org_id: UUID, authority_id: UUID, *, reason: str | None, force: bool
) -> dict[str, Any]:
    """Delete a certificate authority: machines believe nothing more that it has signed."""
    service.delete_authority(ctx, org_id, authority_id, reason=reason, force=force)
    return {"ca_id": authority_id}


@api.get("/<uuid:authority_id>/keys")
@requires(AuthorityPermissions.USE)
@returns(AuthorityKeyOut, key="keys", listed=True)
def list_keys(ctx: Context, org_id: UUID, authority_id: UUID) -> list[dict[str, Any]]:
    """List all keys that an authority has had, in the order in which they were made."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.READ)
    queries.get_authority(ctx, org_id, authority_id)
    rows = ctx.db.scalars(queries.keys_of(org_id, authority_id)).all()
    return [queries.key_as_told(row) for row in rows]


@api.get("/<uuid:authority_id>/public-key")
@requires(AuthorityPermissions.USE)
@returns(TrustedOut)
@raises(AuthorityNotConfigured)
def read_public_key(ctx: Context, org_id: UUID, authority_id: UUID) -> dict[str, Any]:
    """Read which of its keys machines believe: the one that signs, and all that they must know."""
    authority = queries.get_authority(ctx, org_id, authority_id)
    return queries.trust_told(ctx, org_id, authority.kind)


@api.post("/<uuid:authority_id>/rotate")
@requires(AuthorityPermissions.USE)
@elevated
@body(AuthorityRotationIn)
@returns(AuthorityRotatedOut)
@raises(StepUpRequired, RotationInProgress)
def rotate(
    ctx: Context,
    org_id: UUID,
    authority_id: UUID,
    *,
    key_type: str | None,
    reason: str | None,
    **when: Any,
) -> dict[str, Any]:
    """Make the next key: believed from now on, signing once it is activated."""
    queries.check_authority(ctx, org_id, authority_id, AuthorityPermissions.MANAGE)
    service.rotate(ctx, org_id, authority_id, key_type=key_type, reason=reason, **when)
    told = _told(ctx, org_id, authority_id)
    return {"ca": told, "old_fingerprint": told["fingerprint"]}


@api.post("/<uuid:authority_id>/rotate-key")
@requires(AuthorityPermissions.USE)
@elevated
@body(AuthorityRotationIn)
@returns(AuthorityRotatedOut)
@raises(StepUpRequired, RotationInProgress)
def rotate_key(ctx: Context, org_id: UUID, authority_id: UUID, **said: Any) -> dict[str, Any]:
    """The same at its other address."""
    return rotate(ctx, org_id, authority_id, **said)


@api.post("/<uuid:authority_id>/keys/<uuid:key_id>/activate")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@returns(AuthorityOut, key="ca")
@raises(StepUpRequired, AuthorityKeyState)
def activate_key(ctx: Context, org_id: UUID, authority_id: UUID, key_id: UUID) -> dict[str, Any]:
    """Let the next key sign. What the one before has signed counts until it ends."""
    service.activate(ctx, org_id, authority_id, key_id)
    return _told(ctx, org_id, authority_id)


@api.post("/<uuid:authority_id>/keys/<uuid:key_id>/retire")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@body(AuthorityRetirementIn)
@returns(AuthorityOut, key="ca")
@raises(StepUpRequired, AuthorityKeyState)
def retire_key(
    ctx: Context, org_id: UUID, authority_id: UUID, key_id: UUID, *, reason: str | None
) -> dict[str, Any]:
    """Believe a key no more that signs no more: what it has signed ends."""
    service.retire(ctx, org_id, authority_id, key_id, reason=reason)
    return _told(ctx, org_id, authority_id)


@api.post("/<uuid:authority_id>/keys/<uuid:key_id>/compromise")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@body(AuthorityCompromiseIn)
@returns(AuthorityOut, key="ca")
@raises(StepUpRequired, AuthorityKeyState)
def compromise_key(
    ctx: Context,
    org_id: UUID,
    authority_id: UUID,
    key_id: UUID,
    *,
    reason: str,
    key_type: str | None,
) -> dict[str, Any]:
    """The red button: others may have this key. Nothing of it counts from now on."""
    service.compromise(ctx, org_id, authority_id, key_id, key_type=key_type, reason=reason)
    return _told(ctx, org_id, authority_id)


def _told(ctx: Context, org_id: UUID, authority_id: UUID) -> dict[str, Any]:
    """With how far its keys have come, which whoever activates one wants to know."""
    [found] = queries.shown(ctx, [queries.get_authority(ctx, org_id, authority_id)])
    totals = ctx.ports[CertificateTotals](ctx, org_id).get(authority_id, Totals())
    return {**queries.as_told(found, totals), "reach": ctx.ports[ReachOfKeys](ctx, org_id)}
