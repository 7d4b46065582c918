"""The contact form as it travels over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.contact.models import EnquiryType
from gatehouse.core.fields import Address, Paragraphs, Text


class ContactIn(Schema):
    """``website`` is a trap: people do not see it, and programs fill it in."""

    name = Text(1, 120, required=True)
    email = Address(required=True)
    company = Text(most=200, load_default=None, allow_none=True)
    enquiry_type = fields.Enum(EnquiryType, by_value=True, required=True)
    message = Paragraphs(5000, least=1, required=True)
    website = fields.String(
        load_default="",
        allow_none=True,
        validate=validate.Length(max=2000, error="At most 2000 characters."),
        metadata={"description": "Leave it out: whatever fills it in is not answered."},
    )
