"""What follows a sign-in."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete

from gatehouse.accounts.events import AccountDeleted
from gatehouse.accounts.queries import is_proven, mailbox_of
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.login.emails import new_device_mail
from gatehouse.login.events import SignedIn
from gatehouse.login.models import PendingLogin
from gatehouse.mail.service import refuse_to_flood, sending
from gatehouse.sessions.service import device_in_words


@during(AccountDeleted)
def end_pending_logins_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> None:
    ctx.execute(delete(PendingLogin).where(PendingLogin.user_id == event.user_id))


@every(timedelta(hours=1))
def purge_pending_logins(ctx: Context) -> int:
    """Delete sign-ins that waited in vain. Returns how many there were."""
    return ctx.execute(delete(PendingLogin).where(PendingLogin.expires_at <= ctx.now))


@on(SignedIn)
def tell_of_a_new_device(
    ctx: Context, event: SignedIn, message: Received
) -> list[Callable[[Ports], None]]:
    if not event.is_new_device:
        return []
    box = ctx.glance(mailbox_of(event.user_id))
    if box is None or not is_proven(ctx, box):
        return []
    refuse_to_flood(ctx, message, box.email_key, of="notices")
    mail = new_device_mail(
        device=device_in_words(ctx.origin.user_agent),
        ip=ctx.origin.ip,
        when=message.happened_at,
    )
    return sending(ctx, message, mail, to=box.email)
