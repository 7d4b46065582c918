"""What follows acts on policies and factors, and what is done by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from gatehouse.accounts.events import AccountDeleted
from gatehouse.accounts.queries import is_proven
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.mail.service import Mail, is_too_many, refuse_to_flood, sending
from gatehouse.organizations.events import MemberLeft, MemberRemoved
from gatehouse.policies import queries, service
from gatehouse.policies.emails import factor_due_mail, factor_overdue_mail
from gatehouse.policies.events import MemberReminded, MemberSuspendedByPolicy, ReminderSent
from gatehouse.policies.rules import SHUT_OUT

Later = list[Callable[[Ports], None]]


@during(MemberRemoved, MemberLeft)
def forget_who_left(ctx: Context, event: MemberRemoved | MemberLeft) -> None:
    service.forget_member(ctx, event.user_id, event.org_id)


@during(AccountDeleted)
def forget_policies_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> None:
    service.forget_member(ctx, event.user_id)


@every(timedelta(hours=1))
def remind_and_suspend(ctx: Context) -> int:
    """Remind those whose grace for a second factor ends soon, and suspend those whose is over."""
    done = service.suspend_overdue(ctx) + service.remind_of_deadlines(ctx)
    return done + service.forget_old_suspensions(ctx)


@on(MemberReminded)
def mail_a_reminder(ctx: Context, event: MemberReminded, message: Received) -> Later:
    return _remind(ctx, event, message)


@on(ReminderSent)
def mail_a_reminder_on_demand(ctx: Context, event: ReminderSent, message: Received) -> Later:
    return _remind(ctx, event, message)


@on(MemberSuspendedByPolicy)
def mail_the_suspension(ctx: Context, event: MemberSuspendedByPolicy, message: Received) -> Later:
    box = ctx.glance(queries.mailed(event.org_id, event.user_id))
    mail = _mail_to(ctx, box)
    if box is None or mail is None:
        return []
    refuse_to_flood(ctx, message, box.email_key, of="suspensions")
    return sending(ctx, message, mail, to=box.email)


def _remind(ctx: Context, event: MemberReminded | ReminderSent, message: Received) -> Later:
    """One too many is dropped: there will be another, or the suspension tells it."""
    box = ctx.glance(queries.mailed(event.org_id, event.user_id))
    mail = _mail_to(ctx, box)
    if box is None or mail is None or is_too_many(ctx, message, box.email_key, of="reminders"):
        return []
    return sending(ctx, message, mail, to=box.email)


def _mail_to(ctx: Context, box: Any) -> Mail | None:
    """What to tell somebody of how they stand by now, if there is anything."""
    if box is None or not is_proven(ctx, box):
        return None
    verdict = queries.standing_of(box, ctx.now).verdict
    if verdict.deadline is None:
        return None
    link = f"{ctx.settings.app_url}/security"
    if verdict.status in SHUT_OUT:
        return factor_overdue_mail(organization=box.name, missing=verdict.missing, link=link)
    return factor_due_mail(
        organization=box.name, missing=verdict.missing, until=verdict.deadline, link=link
    )


HANDLERS = (mail_a_reminder, mail_a_reminder_on_demand, mail_the_suspension)
