"""What follows approvals, what ends them, and the job that does what was approved a day ago."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from gatehouse.accounts.events import (
    AccountDeleted,
    AccountSuspended,
    EmailChanged,
    EmailChangeUndone,
)
from gatehouse.accounts.queries import is_proven, mailbox_of
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.mail.service import sending
from gatehouse.recovery import emails, service
from gatehouse.recovery.events import ResetApproved, ResetCancelled
from gatehouse.recovery.models import ResetStatus
from gatehouse.recovery.queries import find_reset, name_of_approver

Later = list[Callable[[Ports], None]]


@during(AccountDeleted)
def delete_resets_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> dict[str, int]:
    gone = service.delete_resets(ctx, event.user_id)
    return {"factor_resets_deleted": gone} if gone else {}


@during(AccountSuspended)
def cancel_the_reset_of_a_suspended_account(
    ctx: Context, event: AccountSuspended
) -> dict[str, int]:
    return _cancelled(ctx, event.user_id)


@during(EmailChanged, EmailChangeUndone)
def cancel_the_reset_when_the_address_changes(
    ctx: Context, event: EmailChanged | EmailChangeUndone
) -> dict[str, int]:
    """It was approved for the person behind another address, and they were told there."""
    return _cancelled(ctx, event.user_id)


@on(ResetApproved)
def tell_of_an_approved_reset(ctx: Context, event: ResetApproved, message: Received) -> Later:
    """At once, however much was mailed there: a day is left to cancel it, from now on. Few can
    come, as an account has few approvals in a day.
    """
    box = ctx.glance(mailbox_of(event.user_id))
    reset = find_reset(ctx, event.factor_reset_id)
    if box is None or reset is None or reset.status is not ResetStatus.PENDING:
        return []
    service.start_to_wait(ctx, reset)
    mail = emails.reset_approved_mail(
        organization=name_of_approver(ctx, reset),
        due=reset.due_at,
        link=service.web_address_of(ctx, reset),
    )
    return sending(ctx, message, mail, to=box.email)


@on(ResetCancelled)
def tell_of_a_cancelled_reset(ctx: Context, event: ResetCancelled, message: Received) -> Later:
    box = ctx.glance(mailbox_of(event.user_id))
    if box is None or not is_proven(ctx, box):
        return []
    mail = emails.reset_cancelled_mail(reason=event.reason)
    return sending(ctx, message, mail, to=box.email)


@every(timedelta(minutes=5))
def do_factor_resets(ctx: Context) -> int:
    """Take the second factors from accounts for which it was approved a day ago, one by one."""
    return service.do_next(ctx)


def _cancelled(ctx: Context, user_id: UUID) -> dict[str, int]:
    gone = service.cancel_silently(ctx, user_id)
    return {"factor_resets_cancelled": gone} if gone else {}
