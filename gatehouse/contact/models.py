"""Tables of the contact domain."""

from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from gatehouse.core.db import Model, words


class EnquiryType(StrEnum):
    DEMO = "demo"
    SALES = "sales"
    GENERAL = "general"
    SUPPORT = "support"


class Enquiry(Model):
    """What somebody wrote. The address is theirs by their own word alone."""

    __tablename__ = "contact_enquiries"
    __table_args__ = (Index("ix_contact_enquiries_created_at", "created_at"),)

    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(255))
    company: Mapped[str | None] = mapped_column(String(200), default=None)
    enquiry_type: Mapped[EnquiryType] = mapped_column(words(EnquiryType))
    message: Mapped[str] = mapped_column(String(5000))
