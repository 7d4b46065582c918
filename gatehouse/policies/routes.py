"""HTTP for what organizations demand of sign-ins, and how people stand to it."""

from typing import Any
from uuid import UUID

from gatehouse.core.access import elevated, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import TooManyRequests
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import get_member
from gatehouse.policies import queries, service
from gatehouse.policies.errors import NothingMissing
from gatehouse.policies.models import OrganizationPolicy, PersonalPolicy
from gatehouse.policies.permissions import PolicyPermission
from gatehouse.policies.rules import Status
from gatehouse.policies.schemas import (
    ChangedPolicy,
    ComplianceWindow,
    DryRunIn,
    MemberComplianceOut,
    OverrideIn,
    OverrideOut,
    OwnComplianceOut,
    PolicyIn,
    PolicyOut,
)

SIZE = {"page_size": {"type": "integer"}}

api = Api(
    "policies",
    at="/organizations/<uuid:org_id>",
    about="What an organization demands of its members' sign-ins.",
)
own = Api("own compliance", about="How you stand to what your organizations demand.")


@api.get("/security-policy")
@requires(PolicyPermission.READ)
@returns(PolicyOut, key="security_policy")
def read_policy(ctx: Context, org_id: UUID) -> OrganizationPolicy:
    """Read what an organization demands."""
    return queries.policy_of(ctx, org_id)


@api.put("/security-policy")
@requires(PolicyPermission.MANAGE)
@elevated
@query(DryRunIn, strict=True)
@body(PolicyIn)
@returns(ChangedPolicy)
def change_policy(ctx: Context, org_id: UUID, *, dry_run: bool, **changes: Any) -> dict[str, Any]:
    """Change what an organization demands; what you do not send stays. With dry_run=true nothing
    changes, and you are told who would be shut out. Needs a sign-in within 10 minutes.
    """
    if not dry_run:
        return {"security_policy": service.change_policy(ctx, org_id, **changes)}
    policy, preview = service.preview_policy(ctx, org_id, **changes)
    return {"security_policy": policy, "preview": preview}


@api.get("/users/<uuid:user_id>/security-policy")
@requires(PolicyPermission.MANAGE)
@returns(OverrideOut, key="user_security_policy")
def read_override(ctx: Context, org_id: UUID, user_id: UUID) -> PersonalPolicy:
    """Read what differs for one member."""
    get_member(ctx, org_id, user_id)
    return queries.override_of(ctx, org_id, user_id)


@api.patch("/users/<uuid:user_id>/security-policy")
@requires(PolicyPermission.MANAGE)
@elevated
@body(OverrideIn, partial=True)
@returns(OverrideOut, key="user_security_policy")
def change_override(ctx: Context, org_id: UUID, user_id: UUID, **changes: Any) -> PersonalPolicy:
    """Demand more or less of one member. Nobody demands less of themselves. Needs a sign-in within
    10 minutes.
    """
    return service.change_override(ctx, org_id, user_id, **changes)


@api.get("/mfa-compliance")
@requires(PolicyPermission.READ_COMPLIANCE)
@query(ComplianceWindow)
@returns(MemberComplianceOut, key="members", paged=True, beside=SIZE)
def list_compliance(
    ctx: Context, org_id: UUID, *, status: Status | None, **window: int
) -> Page[dict[str, Any]]:
    """List how the members stand to what is demanded, all or those of one status."""
    return queries.page_of_compliance(ctx, org_id, status=status, **window)


@api.post("/members/<uuid:user_id>/send-mfa-reminder")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(None)
@raises(NothingMissing, TooManyRequests)
def send_reminder(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Mail a member what they miss: once an hour."""
    service.remind(ctx, org_id, user_id)


@own.get("/users/me/mfa-compliance")
@signed_in
@returns(OwnComplianceOut)
def read_own_compliance(ctx: Context) -> dict[str, Any]:
    """Read how you stand to what your organizations demand."""
    return queries.compliance_of(ctx, ctx.user_id)
