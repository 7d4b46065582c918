"""Doing what was approved a day ago, if all that let it be approved is still so."""

from uuid import UUID

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.accounts.queries import hold_account
from gatehouse.accounts.queries import is_operator as is_operators
from gatehouse.audit.service import record
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.mfa.queries import factors_of
from gatehouse.mfa.service import reset_factors
from gatehouse.organizations.permissions import OrganizationPermission
from gatehouse.organizations.queries import find_member
from gatehouse.organizations.rules import may_touch
from gatehouse.recovery.events import CancelReason, ResetDone
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.queries import (
    has_address_of,
    has_used_a_factor_since,
    is_of_alone,
    next_due,
)
from gatehouse.recovery.rules import DELAY, is_too_old
from gatehouse.recovery.service.cancelling import close, record_cancelled


def start_to_wait(ctx: Context, reset: FactorReset) -> None:
    """Let the day begin now: its owner is being told."""
    close(ctx, reset, due_at=ctx.now + DELAY)


def do_next(ctx: Context) -> int:
    """Do the reset that has been due longest, or drop it. Returns how many there were."""
    reset = next_due(ctx)
    if reset is None:
        return 0
    user = hold_account(ctx, reset.user_id)
    if user is None:  # It went this moment, and the reset with it.
        return 1
    dropped = _reason_to_drop(ctx, reset, user)
    if dropped is not None:
        if close(ctx, reset, cancelled_at=ctx.now):
            record_cancelled(ctx, reset, dropped)
    elif close(ctx, reset, done_at=ctx.now):
        reset_factors(ctx, user.id)
        event = ResetDone(org_id=reset.org_id, user_id=user.id, factor_reset_id=reset.id)
        record(ctx, event)
    return 1


def _reason_to_drop(ctx: Context, reset: FactorReset, user: User) -> CancelReason | None:
    if is_too_old(reset.created_at, ctx.now):
        return CancelReason.TOO_OLD
    if not factors_of(ctx, user.id).is_any:
        return CancelReason.NO_FACTORS
    if has_used_a_factor_since(ctx, reset):  # What somebody uses they have not lost.
        return CancelReason.FACTOR_USED
    if not _may_still_approve(ctx, reset):
        return CancelReason.APPROVER_MAY_NOT
    if reset.org_id is not None and not _is_in_care(ctx, reset.org_id, user):
        return CancelReason.NOT_IN_CARE
    return None


def _may_still_approve(ctx: Context, reset: FactorReset) -> bool:
    if reset.approved_by_id is None:
        return False
    if reset.org_id is None:
        return is_operators(ctx, reset.approved_by_id)
    return _manages(ctx, reset.org_id, reset.approved_by_id, reset.user_id)


def _manages(ctx: Context, org_id: UUID, approver_id: UUID, user_id: UUID) -> bool:
    """Whether somebody may manage a member of an organization that is still there."""
    own, theirs = find_member(ctx, org_id, approver_id), find_member(ctx, org_id, user_id)
    if own is None or own.suspended_at is not None:
        return False
    if own.user.status is not AccountStatus.ACTIVE:
        return False
    is_below = theirs is None or may_touch(own.role, theirs.role)
    return is_below and may(ctx, own.role, OrganizationPermission.MANAGE_MEMBERS)


def _is_in_care(ctx: Context, org_id: UUID, user: User) -> bool:
    place = find_member(ctx, org_id, user.id)
    is_in = place is not None and place.suspended_at is None
    return is_in and has_address_of(ctx, org_id, user) and is_of_alone(ctx, org_id, user)
