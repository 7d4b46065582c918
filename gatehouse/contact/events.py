"""What can happen with the contact form."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class EnquiryReceived(Event):
    """The id alone: who wrote, and what, is deleted with the row."""

    name = "contact.enquiry_received"
    says = "Somebody wrote with the contact form."
    resource = "enquiry"

    enquiry_id: UUID
