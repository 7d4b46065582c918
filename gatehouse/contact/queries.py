"""Reading enquiries."""

from uuid import UUID

from sqlalchemy import select

from gatehouse.contact.models import Enquiry
from gatehouse.core.context import Context


def find_enquiry(ctx: Context, enquiry_id: UUID) -> Enquiry | None:
    found: Enquiry | None = ctx.db.scalar(select(Enquiry).where(Enquiry.id == enquiry_id))
    return found
