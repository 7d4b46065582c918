"""HTTP for resets of lost factors, and for who may see that somebody has factors."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.accounts.errors import AccountNotFound
from gatehouse.core.access import elevated, operators_only, requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import StepUpRequired
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.organizations.errors import ActiveMemberNotFound, MemberNotFound
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.recovery import queries, service
from gatehouse.recovery.errors import (
    AccountNotActive,
    AddressNotOfOrganization,
    NobodyWouldBeTold,
    NoFactors,
    NotForYourself,
    NotOfOrganizationAlone,
    RanksAbove,
    ResetNotFound,
    ResetOver,
    ResetPending,
    TooManyResets,
)
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.schemas import (
    ApprovalIn,
    FactorsOut,
    MemberFactorsOut,
    OwnResetOut,
    ResetOut,
)

of_operators = Api(
    "admin_factors", at="/admin/users/<uuid:user_id>", about="Other people's second factors."
)
of_members = Api(
    "member_factors",
    at="/organizations/<uuid:org_id>/users/<uuid:user_id>",
    about="Second factors of members, for those who manage them.",
)
own = Api(
    "own_factor_resets",
    at="/users/me/factor-resets",
    about="Resets of your lost factors that somebody approved.",
)


@of_operators.get("/factors")
@operators_only
@returns(FactorsOut, key="factors")
@raises(AccountNotFound)
def read_factors(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """Read which second factors somebody has, as an operator. Nobody reads how they are used."""
    return queries.factors_of_person(ctx, user_id)


@of_operators.post("/factor-resets")
@operators_only
@elevated
@body(ApprovalIn)
@returns(ResetOut, HTTPStatus.CREATED, key="factor_reset")
@raises(NotForYourself, StepUpRequired, AccountNotFound)
@raises(AccountNotActive, NobodyWouldBeTold, NoFactors, ResetPending, TooManyResets)
def approve(ctx: Context, user_id: UUID, *, reason: str) -> FactorReset:
    """Let somebody's second factors go in 24 hours, as an operator. They are mailed how to cancel
    it.
    """
    return service.approve_as_operator(ctx, user_id, reason=reason)


@of_operators.get("/factor-resets")
@operators_only
@returns(ResetOut, key="factor_resets", listed=True)
@raises(AccountNotFound)
def list_resets(ctx: Context, user_id: UUID) -> list[FactorReset]:
    """List the latest resets of somebody's factors, the newest first: at most 50."""
    return queries.resets_of_person(ctx, user_id)


@of_operators.delete("/factor-resets/<uuid:reset_id>")
@operators_only
@returns(None)
@raises(ResetNotFound, ResetOver)
def cancel(ctx: Context, user_id: UUID, reset_id: UUID) -> None:
    """Cancel a reset of somebody's factors, whoever approved it."""
    service.cancel_as_operator(ctx, user_id, reset_id)


@of_members.get("/factors")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(MemberFactorsOut, key="factors")
@raises(MemberNotFound)
def read_factors_of_member(ctx: Context, org_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Read which second factors a member has. Nobody reads how they are used."""
    return queries.factors_of_member(ctx, org_id, user_id)


@of_members.post("/factor-resets")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@elevated
@body(ApprovalIn)
@returns(ResetOut, HTTPStatus.CREATED, key="factor_reset")
@raises(NotForYourself, StepUpRequired, ActiveMemberNotFound, RanksAbove)
@raises(AddressNotOfOrganization, NotOfOrganizationAlone)
@raises(NobodyWouldBeTold, NoFactors, ResetPending, TooManyResets)
def approve_for_member(ctx: Context, org_id: UUID, user_id: UUID, *, reason: str) -> FactorReset:
    """Let a member's second factors go in 24 hours. They are mailed how to cancel it.

    Their address must lie in a domain that the organization has proven, and they may be in no
    other organization.
    """
    return service.approve_for_member(ctx, org_id, user_id, reason=reason)


@of_members.get("/factor-resets")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(ResetOut, key="factor_resets", listed=True)
@raises(MemberNotFound)
def list_resets_of_member(ctx: Context, org_id: UUID, user_id: UUID) -> list[FactorReset]:
    """List the latest resets that the organization approved for a member, the newest first."""
    return queries.resets_by(ctx, org_id, user_id)


@of_members.delete("/factor-resets/<uuid:reset_id>")
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(None)
@raises(MemberNotFound, ResetNotFound, ResetOver)
def cancel_for_member(ctx: Context, org_id: UUID, user_id: UUID, reset_id: UUID) -> None:
    """Cancel a reset that the organization approved for a member."""
    service.cancel_for_member(ctx, org_id, user_id, reset_id)


@own.get()
@signed_in
@returns(OwnResetOut, key="factor_resets", listed=True)
def list_own_resets(ctx: Context) -> list[FactorReset]:
    """List the latest resets that somebody approved for your factors, the newest first."""
    return queries.own_resets(ctx)


@own.delete("/<uuid:reset_id>")
@signed_in
@returns(None)
@raises(ResetNotFound, ResetOver)
def cancel_own_reset(ctx: Context, reset_id: UUID) -> None:
    """Cancel a reset of your factors. It needs no fresh sign-in: nothing is lost by it."""
    service.cancel_own(ctx, reset_id)
