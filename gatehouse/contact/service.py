"""Taking enquiries in, and forgetting them."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.audit.service import record
from gatehouse.contact.events import EnquiryReceived
from gatehouse.contact.models import Enquiry, EnquiryType
from gatehouse.core.context import Context

KEPT = timedelta(days=90)
BATCH = 1000


def take_enquiry(
    ctx: Context,
    *,
    name: str,
    email: str,
    company: str | None,
    enquiry_type: EnquiryType,
    message: str,
) -> None:
    """Keep an enquiry; its mail goes out once this is committed."""
    enquiry = Enquiry(
        created_at=ctx.now,
        name=name,
        email=email,
        company=company,
        enquiry_type=enquiry_type,
        message=message,
    )
    ctx.db.add(enquiry)
    ctx.db.flush()
    record(ctx, EnquiryReceived(enquiry_id=enquiry.id))


def purge(ctx: Context) -> int:
    """Delete a batch of old enquiries. Returns how many that were."""
    old = select(Enquiry.id).where(Enquiry.created_at < ctx.now - KEPT).limit(BATCH)
    return ctx.execute(delete(Enquiry).where(Enquiry.id.in_(old.scalar_subquery())))
