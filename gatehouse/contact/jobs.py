"""What becomes of enquiries."""

from collections.abc import Callable
from datetime import timedelta

from gatehouse.contact import emails, service
from gatehouse.contact.events import EnquiryReceived
from gatehouse.contact.queries import find_enquiry
from gatehouse.core.context import Context
from gatehouse.core.outside import Ports
from gatehouse.core.reactions import Received, every, on
from gatehouse.mail.service import sending


@on(EnquiryReceived)
def mail_enquiry(
    ctx: Context, event: EnquiryReceived, message: Received
) -> list[Callable[[Ports], None]]:
    """Send an enquiry to CONTACT_EMAIL, so that answering it answers its sender."""
    found = find_enquiry(ctx, event.enquiry_id)
    if found is None:
        return []
    mail = emails.enquiry(
        name=found.name,
        email=found.email,
        company=found.company,
        enquiry_type=found.enquiry_type,
        message=found.message,
    )
    return sending(ctx, message, mail, to=ctx.settings.contact_email, reply_to=found.email)


@every(timedelta(days=1))
def purge_enquiries(ctx: Context) -> int:
    """Delete enquiries after 90 days, in small batches."""
    return service.purge(ctx)
