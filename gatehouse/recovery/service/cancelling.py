"""Cancelling a reset: by its owner, by whoever may approve one, or because it would be wrong."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, update

from gatehouse.audit.service import record
from gatehouse.core.context import Actor, Context
from gatehouse.organizations.queries import get_member
from gatehouse.recovery.errors import CancelLinkInvalid, ResetNotFound, ResetOver
from gatehouse.recovery.events import CancelReason, ResetCancelled
from gatehouse.recovery.models import FactorReset
from gatehouse.recovery.queries import get_reset, is_pending
from gatehouse.recovery.service.links import find_by_link


def cancel_own(ctx: Context, reset_id: UUID) -> None:
    """Cancel a reset of the caller's own factors. Raises ResetNotFound, ResetOver."""
    _cancel(ctx, get_reset(ctx, ctx.user_id, reset_id), CancelReason.PERSON)


def cancel_by_link(ctx: Context, token: str) -> None:
    """Cancel a reset with the link of its mail. Of many at once, one does. Raises
    CancelLinkInvalid.
    """
    reset = find_by_link(ctx, token)
    if reset is None or not close(ctx, reset, cancelled_at=ctx.now):
        raise CancelLinkInvalid
    ctx.actor = Actor("user", reset.user_id)
    record_cancelled(ctx, reset, CancelReason.LINK)


def cancel_as_operator(ctx: Context, user_id: UUID, reset_id: UUID) -> None:
    """Cancel anybody's, whoever approved it. Raises ResetNotFound, ResetOver."""
    _cancel(ctx, get_reset(ctx, user_id, reset_id), CancelReason.APPROVER)


def cancel_for_member(ctx: Context, org_id: UUID, user_id: UUID, reset_id: UUID) -> None:
    """Cancel one that the organization has approved.

    Raises MemberNotFound, ResetNotFound, ResetOver.
    """
    get_member(ctx, org_id, user_id)
    reset = get_reset(ctx, user_id, reset_id)
    if reset.org_id != org_id:
        raise ResetNotFound
    _cancel(ctx, reset, CancelReason.APPROVER)


def cancel_silently(ctx: Context, user_id: UUID) -> int:
    """Cancel what waits, within the act of somebody else. Returns how many there were."""
    return ctx.execute(
        _pending().where(FactorReset.user_id == user_id).values(cancelled_at=ctx.now)
    )


def delete_resets(ctx: Context, user_id: UUID) -> int:
    """Delete all of an account that goes. Returns how many there were."""
    return ctx.execute(delete(FactorReset).where(FactorReset.user_id == user_id))


def close(ctx: Context, reset: FactorReset, **closed: Any) -> bool:
    """Note how a reset ended. Of many at once, one hears that it did."""
    return ctx.execute(_pending().where(FactorReset.id == reset.id).values(**closed)) == 1


def record_cancelled(ctx: Context, reset: FactorReset, reason: CancelReason) -> None:
    event = ResetCancelled(
        org_id=reset.org_id, user_id=reset.user_id, factor_reset_id=reset.id, reason=reason
    )
    record(ctx, event)


def _cancel(ctx: Context, reset: FactorReset, reason: CancelReason) -> None:
    if not close(ctx, reset, cancelled_at=ctx.now):
        raise ResetOver
    record_cancelled(ctx, reset, reason)


def _pending() -> Any:
    return update(FactorReset).where(*is_pending())
