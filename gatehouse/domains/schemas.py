"""Domains as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from gatehouse.core.fields import Moment
from gatehouse.domains.models import DomainStatus
from gatehouse.domains.rules import LONGEST, VALUE, problem_with, record_name


class DomainName(fields.String):
    """A name of the DNS in its ASCII form (IDNA 2008), in lower case, without a dot at its end."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = (super()._deserialize(value, attr, data, **kwargs) or "").strip()
        name = _ascii(text.removesuffix("."))
        if problem := problem_with(name):
            raise ValidationError(problem)
        return name


def _ascii(text: str) -> str:
    import idna  # noqa: PLC0415 - few requests name a domain

    if len(text) > LONGEST:
        return ""
    try:
        return idna.encode(text, uts46=True).decode().lower()
    except idna.IDNAError:
        return ""


class DomainIn(Schema):
    domain = DomainName(required=True, metadata={"example": "example.com"})


class DomainOut(Schema):
    """``txt_name`` is where the record stands in the DNS, ``txt_value`` what it says."""

    id = fields.UUID()
    organization_id = fields.UUID(attribute="org_id")
    domain = fields.String()
    status = fields.String(validate=validate.OneOf([status.value for status in DomainStatus]))
    txt_name = fields.Function(lambda claim: record_name(claim.domain), metadata={"type": "string"})
    txt_value = fields.Function(
        lambda claim: f"{VALUE}{claim.challenge}", metadata={"type": "string"}
    )
    verified_at = Moment(allow_none=True)
    checked_at = Moment(allow_none=True)
    failing_since = Moment(allow_none=True)
    created_at = Moment()
