"""Approving the reset of somebody's factors, as an operator or for an organization."""

from uuid import UUID

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.queries import get_account, hold_accounts, is_proven
from gatehouse.audit.service import record
from gatehouse.core.access import act_as_operator
from gatehouse.core.context import Context
from gatehouse.core.links import new_nonce
from gatehouse.mfa.queries import factors_of
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import get_active_member
from gatehouse.organizations.rules import may_touch
from gatehouse.organizations.service import hold_as
from gatehouse.recovery.errors import (
    AccountNotActive,
    AddressNotOfOrganization,
    NobodyWouldBeTold,
    NoFactors,
    NotForYourself,
    NotOfOrganizationAlone,
    RanksAbove,
    ResetPending,
    TooManyResets,
)
from gatehouse.recovery.events import ResetApproved
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.queries import (
    count_of_a_day,
    has_address_of,
    has_pending_reset,
    is_of_alone,
)
from gatehouse.recovery.rules import DELAY, MOST_IN_A_DAY
from gatehouse.sessions.service import refuse_without_a_fresh_factor


def approve_as_operator(ctx: Context, user_id: UUID, *, reason: str) -> FactorReset:
    """Let the factors of an account go in a day, unless somebody cancels it until then.

    Raises NotForYourself, StepUpRequired, AccountNotFound, AccountNotActive, and what ``_approve``
    raises.
    """
    _hold(ctx, user_id)
    act_as_operator(ctx)
    user = get_account(ctx, user_id)
    if user.status is not AccountStatus.ACTIVE:
        raise AccountNotActive
    return _approve(ctx, user, org_id=None, reason=reason)


def approve_for_member(ctx: Context, org_id: UUID, user_id: UUID, *, reason: str) -> FactorReset:
    """The same for a member whose account is in the care of the caller's organization.

    Raises NotForYourself, StepUpRequired, ActiveMemberNotFound, RanksAbove,
    AddressNotOfOrganization, NotOfOrganizationAlone, and what ``_approve`` raises.
    """
    _hold(ctx, user_id)
    acting = hold_as(ctx, org_id, OrganizationPermission.MANAGE_MEMBERS)
    member = get_active_member(ctx, org_id, email=None, user_id=user_id)
    if not may_touch(acting, member.role):
        raise RanksAbove
    if not has_address_of(ctx, org_id, member.user):
        raise AddressNotOfOrganization
    if not is_of_alone(ctx, org_id, member.user):
        raise NotOfOrganizationAlone
    return _approve(ctx, member.user, org_id=org_id, reason=reason)


def _hold(ctx: Context, user_id: UUID) -> None:
    """Hold both accounts: of many who approve at once, one does, and nobody who may no more.

    Whoever has a factor proves it for this (threat 140).
    """
    if user_id == ctx.user_id:
        raise NotForYourself
    hold_accounts(ctx, ctx.user_id, user_id)
    if factors_of(ctx, ctx.user_id).is_any:
        refuse_without_a_fresh_factor(ctx)


def _approve(ctx: Context, user: User, *, org_id: UUID | None, reason: str) -> FactorReset:
    """Raises NobodyWouldBeTold, NoFactors, ResetPending, TooManyResets."""
    if not is_proven(ctx, user):
        raise NobodyWouldBeTold
    if not factors_of(ctx, user.id).is_any:
        raise NoFactors
    if has_pending_reset(ctx, user.id):
        raise ResetPending
    if count_of_a_day(ctx, user.id) >= MOST_IN_A_DAY:
        raise TooManyResets
    reset = FactorReset(
        user_id=user.id,
        approved_by_id=ctx.user_id,
        org_id=org_id,
        reason=reason,
        nonce=new_nonce(),
        due_at=ctx.now + DELAY,
        created_at=ctx.now,
    )
    ctx.db.add(reset)
    ctx.db.flush()
    record(ctx, ResetApproved(org_id=org_id, user_id=user.id, factor_reset_id=reset.id))
    return reset
