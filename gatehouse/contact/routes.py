"""HTTP for the contact form."""

from http import HTTPStatus
from typing import Any

from gatehouse.contact import service
from gatehouse.contact.schemas import ContactIn
from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, returns
from gatehouse.core.rate_limit import limited

api = Api("contact", at="/contact", about="Writing to the people who run this.")


@api.post()
@public
@limited("contact")
@body(ContactIn)
@returns(None, HTTPStatus.ACCEPTED)
def send_enquiry(ctx: Context, *, website: str | None, **fields: Any) -> None:
    """Write to the people who run this installation, without an account."""
    if not website:
        service.take_enquiry(ctx, **fields)
