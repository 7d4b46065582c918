"""HTTP for the certificate for emergencies."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.locks.errors import UserLocked
from gatehouse.ssh_break_glass import queries, service
from gatehouse.ssh_break_glass.errors import NothingSealed
from gatehouse.ssh_break_glass.schemas import (
    BreakGlassGivenOut,
    BreakGlassIn,
    BreakGlassOut,
    BreakGlassRevocationIn,
    BreakGlassRevokedOut,
)
from gatehouse.ssh_ca.errors import AuthorityNotConfigured
from gatehouse.ssh_ca.permissions import AuthorityPermissions

api = Api(
    "ssh_break_glass",
    at="/organizations/<uuid:org_id>/ssh/break-glass",
    about="The certificate for when nothing else works.",
)


@api.get()
@requires(AuthorityPermissions.READ)
@returns(BreakGlassOut, key="break_glass")
def read_break_glass(ctx: Context, org_id: UUID) -> dict[str, Any]:
    """Read whether one is sealed, since when, by whom, and for how long."""
    return queries.told(ctx, queries.find_sealed(ctx, org_id))


# Not 201: what makes things may be asked for again by an Idempotency-Key. This is told once.
@api.post("/seal")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@body(BreakGlassIn)
@returns(BreakGlassGivenOut)
@raises(StepUpRequired, UserLocked, AuthorityNotConfigured)
def seal_break_glass(
    ctx: Context, org_id: UUID, *, passphrase: str, days: int, reason: str | None
) -> dict[str, Any]:
    """Make one, and get it this once. What was sealed before is revoked."""
    given = service.seal(ctx, org_id, passphrase=passphrase, days=days, reason=reason)
    certificate = given.sealed.certificate.certificate
    told = queries.told(ctx, given.sealed)
    return {"break_glass": told, "file": given.file, "certificate": certificate}


@api.post("/revoke")
@requires(AuthorityPermissions.MANAGE_KEYS)
@elevated
@body(BreakGlassRevocationIn)
@returns(BreakGlassRevokedOut)
@raises(StepUpRequired, NothingSealed)
def revoke_break_glass(ctx: Context, org_id: UUID, *, reason: str) -> dict[str, Any]:
    """Revoke it: machines believe the key no more that signed it."""
    return {"krl_version": service.revoke(ctx, org_id, reason=reason)}
