"""HTTP for rules for workloads, and for the jobs that come by them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.clients.errors import KeysBusy
from gatehouse.core.access import elevated, public, requires
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, query, raises, returns, shown_token
from gatehouse.core.pagination import Page, Window, paginate
from gatehouse.core.rate_limit import limited
from gatehouse.locks.errors import UserLocked
from gatehouse.principals.errors import RootIsForOwners
from gatehouse.ssh_ca.errors import SignerUnavailable
from gatehouse.ssh_certificates.errors import (
    AuthorityKeyCertified,
    KeyNotVerified,
    KeyTooShort,
    NoAuthority,
    UnauthorizedPrincipals,
)
from gatehouse.ssh_certificates.queries import told
from gatehouse.ssh_keys.errors import (
    InvalidPublicKey,
    UnsupportedKeyType,
    UserPresenceRequired,
    VerificationFailed,
    WrongNamespace,
)
from gatehouse.ssh_workloads import queries, service
from gatehouse.ssh_workloads.errors import (
    InvalidWorkloadToken,
    TooManyWorkloadRules,
    WorkloadAmbiguous,
    WorkloadNameTaken,
    WorkloadNotMatched,
    WorkloadRuleNotFound,
    WorkloadTokenUsed,
)
from gatehouse.ssh_workloads.models import WorkloadRule
from gatehouse.ssh_workloads.permissions import WorkloadPermission
from gatehouse.ssh_workloads.schemas import (
    WorkloadCertificateOut,
    WorkloadRuleChanges,
    WorkloadRuleIn,
    WorkloadRuleOut,
    WorkloadSignIn,
)

api = Api(
    "ssh_workloads",
    at="/organizations/<uuid:org_id>/ssh/workloads",
    about="By which rules jobs of a CI get SSH certificates.",
)
signing = Api("ssh_workload_signing", at="/ssh/workloads", about="Certificates for jobs of a CI.")

LIMIT = "60/minute"  # of many runners behind one address


@api.get()
@requires(WorkloadPermission.READ)
@query(Window)
@returns(WorkloadRuleOut, key="workloads", paged=True)
def list_workload_rules(
    ctx: Context, org_id: UUID, *, page: int, per_page: int
) -> Page[WorkloadRule]:
    """List the rules by which jobs get certificates."""
    return paginate(ctx, queries.rules_of(org_id), page=page, per_page=per_page)


@api.post()
@requires(WorkloadPermission.MANAGE)
@elevated
@body(WorkloadRuleIn)
@returns(WorkloadRuleOut, HTTPStatus.CREATED, key="workload")
@raises(StepUpRequired, UserLocked, RootIsForOwners, WorkloadNameTaken, TooManyWorkloadRules)
def create_workload_rule(ctx: Context, org_id: UUID, **fields: Any) -> WorkloadRule:
    """Let jobs get certificates whose token is of this issuer, for this audience, with these
    claims.
    """
    return service.create_rule(ctx, org_id, **fields)


@api.get("/<uuid:rule_id>")
@requires(WorkloadPermission.READ)
@returns(WorkloadRuleOut, key="workload")
@raises(WorkloadRuleNotFound)
def read_workload_rule(ctx: Context, org_id: UUID, rule_id: UUID) -> WorkloadRule:
    """Read a rule."""
    return queries.get_rule(ctx, org_id, rule_id)


@api.patch("/<uuid:rule_id>")
@requires(WorkloadPermission.MANAGE)
@elevated
@body(WorkloadRuleChanges)
@returns(WorkloadRuleOut, key="workload")
@raises(StepUpRequired, UserLocked, RootIsForOwners, WorkloadRuleNotFound, WorkloadNameTaken)
def change_workload_rule(ctx: Context, org_id: UUID, rule_id: UUID, **changes: Any) -> WorkloadRule:
    """Change a rule; what you do not send stays. Switched off, it ends what it has signed."""
    return service.change_rule(ctx, org_id, rule_id, **changes)


@api.delete("/<uuid:rule_id>")
@requires(WorkloadPermission.MANAGE)
@elevated
@returns(None)
@raises(StepUpRequired, WorkloadRuleNotFound)
def delete_workload_rule(ctx: Context, org_id: UUID, rule_id: UUID) -> None:
    """Delete a rule: what it has signed is revoked."""
    service.delete_rule(ctx, org_id, rule_id)


@signing.post("/sign")
@public
@limited(LIMIT, per="address")
@body(WorkloadSignIn)
@returns(WorkloadCertificateOut, HTTPStatus.CREATED)
@raises(
    *(InvalidWorkloadToken, WorkloadTokenUsed, WorkloadNotMatched, WorkloadAmbiguous, KeysBusy),
    *(InvalidPublicKey, UnsupportedKeyType, KeyTooShort, KeyNotVerified, AuthorityKeyCertified),
    *(VerificationFailed, WrongNamespace, UserPresenceRequired),
    *(UnauthorizedPrincipals, NoAuthority, SignerUnavailable),
)
def sign_for_workload(ctx: Context, **sent: Any) -> dict[str, Any]:
    """Sign a certificate for a job of a CI, which shows its OIDC token as Bearer; each once."""
    issued = service.sign(ctx, service.Asked(token=shown_token(), **sent))
    return told(ctx, issued.certificate, issued.ca_fingerprint)
