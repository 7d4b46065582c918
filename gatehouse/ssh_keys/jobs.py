"""What follows acts on SSH keys, and what becomes of those that nobody proves."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.accounts.events import AccountDeleted, AccountDisowned
from gatehouse.accounts.queries import is_proven, mailbox_of
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, during, every, on
from gatehouse.mail.service import refuse_to_flood, sending
from gatehouse.ssh_keys.emails import key_verified_mail
from gatehouse.ssh_keys.events import SshKeyVerified
from gatehouse.ssh_keys.models import SshKey
from gatehouse.ssh_keys.queries import name_of_key

UNPROVED_FOR = timedelta(days=7)
PURGED_AT_ONCE = 1000


@during(AccountDeleted, AccountDisowned)
def delete_ssh_keys_of_an_account_that_goes(
    ctx: Context, event: AccountDeleted | AccountDisowned
) -> dict[str, int]:
    gone = ctx.execute(delete(SshKey).where(SshKey.user_id == event.user_id))
    return {"ssh_keys_deleted": gone} if gone else {}


@every(timedelta(hours=1))
def purge_ssh_keys(ctx: Context) -> int:
    """Delete keys that nobody has proved for a week. Returns how many there were."""
    old = select(SshKey.id).where(
        SshKey.verified_at.is_(None), SshKey.created_at <= ctx.now - UNPROVED_FOR
    )
    return ctx.execute(delete(SshKey).where(SshKey.id.in_(old.limit(PURGED_AT_ONCE))))


@on(SshKeyVerified)
def tell_of_an_ssh_key(
    ctx: Context, event: SshKeyVerified, message: Received
) -> list[Callable[[Ports], None]]:
    box = ctx.glance(mailbox_of(event.user_id))
    if box is None or not is_proven(ctx, box):
        return []
    refuse_to_flood(ctx, message, box.email_key, of=f"notices of {event.name}")
    row = ctx.glance(name_of_key(event.ssh_key_id))
    mail = key_verified_mail(
        key=row.name if row is not None else "deleted again since",
        fingerprint=event.fingerprint,
        ip=ctx.origin.ip,
    )
    return sending(ctx, message, mail, to=box.email)
