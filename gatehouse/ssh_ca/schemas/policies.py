"""What departments and organizations demand of certificates, over HTTP. Lives are in hours."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from gatehouse.core.fields import Flag
from gatehouse.core.openssh.keys import READERS
from gatehouse.ssh_ca.rules.networks import find_network
from gatehouse.ssh_ca.rules.policies import (
    CUSTOM,
    FEWEST_RSA_BITS,
    LONGEST,
    MOST_RSA_BITS,
    STANDARD,
    is_command,
    is_host_pattern,
)
from gatehouse.ssh_ca.rules.principals import is_principal

HOUR = 3600
MOST_HOURS = LONGEST // HOUR
MOST_OF_ANYTHING = 64
WEEK = 7 * 24 * HOUR


class NetworkText(fields.String):
    """``192.0.2.0/24`` or ``2001:db8::7``, without bits behind the prefix."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        network = find_network(text)
        if network is None:
            raise ValidationError("Must be a network such as 192.0.2.0/24, no bits behind it set.")
        return network


def _each(field: fields.Field[Any]) -> fields.List[Any]:
    return fields.List(field, validate=validate.Length(max=MOST_OF_ANYTHING))


def _hours() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, MOST_HOURS))


def _must(holds: Any, says: str) -> Any:
    def check(value: str) -> None:
        if not holds(value):
            raise ValidationError(says)

    return check


EXTENSION = _must(CUSTOM.fullmatch, "Must be a name with its domain, such as permit-x@example.com.")
COMMAND = _must(is_command, "Must be one line of at most 4096 bytes.")
HOST_PATTERN = _must(is_host_pattern, "Must be a pattern such as *.example.com, not of all hosts.")
PRINCIPAL = _must(is_principal, "Must be the name of a principal.")


class CertPolicyChanges(Schema):
    """``allowed_extensions`` are of the five standard ones, ``custom_extensions`` have a domain;
    both together are all that a certificate may have. ``null`` lifts what narrows.
    """

    allow_user_expiry = Flag()
    default_expiry_hours = _hours()
    max_expiry_hours = _hours()
    allowed_extensions = _each(fields.String(validate=validate.OneOf(sorted(STANDARD))))
    custom_extensions = _each(fields.String(validate=EXTENSION))
    source_cidrs = _each(NetworkText())
    pin_source_ip = Flag()
    force_command = fields.String(allow_none=True, validate=COMMAND)
    require_fido = Flag()
    require_pin = Flag()
    mfa_max_age = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, WEEK))
    allowed_key_types = fields.List(
        fields.String(validate=validate.OneOf(tuple(READERS))),
        allow_none=True,
        validate=validate.Length(min=1),
    )
    allowed_principals = fields.List(
        fields.String(validate=PRINCIPAL),
        allow_none=True,
        validate=validate.Length(max=MOST_OF_ANYTHING),
    )

    @post_load
    def as_the_rules_have_it(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        for name in ("default", "max"):
            if (hours := data.pop(f"{name}_expiry_hours", None)) is not None:
                data[f"{name}_seconds"] = hours * HOUR
        for name in ("allowed_key_types", "allowed_principals"):
            if data.get(name) is not None:
                data[name] = frozenset(data[name])
        if "source_cidrs" in data:
            data["source_cidrs"] = tuple(data["source_cidrs"])
        return data


class CertPolicyOut(Schema):
    department_id = fields.UUID()
    allow_user_expiry = fields.Boolean()
    default_expiry_hours = fields.Integer()
    max_expiry_hours = fields.Integer()
    allowed_extensions = fields.List(fields.String())
    custom_extensions = fields.List(fields.String())
    all_extensions = fields.List(fields.String())
    standard_extensions = fields.List(fields.String())
    source_cidrs = fields.List(fields.String())
    pin_source_ip = fields.Boolean()
    force_command = fields.String(allow_none=True)
    require_fido = fields.Boolean()
    require_pin = fields.Boolean()
    mfa_max_age = fields.Integer(allow_none=True)
    allowed_key_types = fields.List(fields.String(), allow_none=True)
    allowed_principals = fields.List(fields.String(), allow_none=True)


class OrganizationCertPolicyChanges(Schema):
    """``reverify_days``: after so many a key is to be proved again; ``null`` for never.
    ``host_patterns`` are those of ``known_hosts``, such as ``*.prod.example.com``.
    """

    min_rsa_bits = fields.Integer(
        strict=True, validate=validate.Range(FEWEST_RSA_BITS, MOST_RSA_BITS)
    )
    require_fido = Flag()
    reverify_days = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 3650))
    admins_get_all_principals = Flag()
    host_patterns = _each(fields.String(validate=HOST_PATTERN))

    @post_load
    def in_order(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        if "host_patterns" in data:
            data["host_patterns"] = tuple(dict.fromkeys(data["host_patterns"]))
        return data


class OrganizationCertPolicyOut(Schema):
    min_rsa_bits = fields.Integer()
    require_fido = fields.Boolean()
    reverify_days = fields.Integer(allow_none=True)
    admins_get_all_principals = fields.Boolean()
    host_patterns = fields.List(fields.String())
