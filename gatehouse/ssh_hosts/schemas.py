"""Hosts, as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from gatehouse.core.fields import Flag, Moment, Text
from gatehouse.core.sayings import _
from gatehouse.ssh_hosts.rules.hosts import (
    MOST_ACCOUNTS,
    MOST_NAMES,
    MOST_PRINCIPALS,
    HostState,
    wrong_accounts,
    wrong_names,
    wrong_principals,
)

HOUR = 3600
USUAL_HOURS, MOST_HOURS = 30 * 24, 365 * 24
HOURS = validate.Range(1, MOST_HOURS)


def _are_names(names: list[str]) -> None:
    if not 1 <= len(names) <= MOST_NAMES or len(set(names)) != len(names):
        raise ValidationError(_("Between 1 and %(most)s names, each once.", most=MOST_NAMES))
    if wrong_names(names):
        raise ValidationError(
            _("Exact names or addresses, in lower case: db1.example.com, 192.0.2.7. No patterns.")
        )


def _are_accounts(accounts: dict[str, list[str]]) -> None:
    if len(accounts) > MOST_ACCOUNTS:
        raise ValidationError(_("At most %(most)s accounts.", most=MOST_ACCOUNTS))
    if wrong_accounts(accounts):
        raise ValidationError(_("Accounts are called as on the machine: ubuntu, root."))
    for listed in accounts.values():
        if len(listed) > MOST_PRINCIPALS or len(set(listed)) != len(listed):
            raise ValidationError(
                _("At most %(most)s principals, each once.", most=MOST_PRINCIPALS)
            )
    if wrong_principals(accounts):
        raise ValidationError(
            _("Principals are of small letters, digits and . _ : @ -: prod-servers.")
        )


class HostChanges(Schema):
    """``names``: exactly how clients call it. ``accounts``: which principals get into each of them.
    ``suspended``: no new certificates for a while.
    """

    names = fields.List(fields.String(), validate=_are_names)
    description = Text(most=255, allow_none=True)
    accounts = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), validate=_are_accounts
    )
    cert_validity_hours = fields.Integer(strict=True, validate=HOURS)
    suspended = Flag()

    @post_load
    def in_seconds(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        if (hours := data.pop("cert_validity_hours", None)) is not None:
            data["life_seconds"] = hours * HOUR
        return data


class HostIn(HostChanges):
    class Meta:
        exclude = ("suspended",)

    names = fields.List(fields.String(), required=True, validate=_are_names)
    description = Text(most=255, allow_none=True, load_default=None)
    accounts = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        load_default=dict,
        validate=_are_accounts,
    )
    cert_validity_hours = fields.Integer(strict=True, load_default=USUAL_HOURS, validate=HOURS)


class HostRevocationIn(Schema):
    reason = Text(most=255, load_default=None, allow_none=True)


class HostKeyOut(Schema):
    """``certificate_id`` is of the latest certificate for it."""

    fingerprint = fields.String()
    key_type = fields.String(attribute="type")
    key_bits = fields.Integer(attribute="bits")
    certificate_id = fields.UUID(allow_none=True)
    created_at = Moment()
    revoked_at = Moment(allow_none=True)


class HostOut(Schema):
    """``expires_at`` and ``days_left`` are of its certificates. What it has ``last_seen`` is what
    it had in place when it last asked for what is new.
    """

    id = fields.UUID()
    organization_id = fields.UUID()
    names = fields.List(fields.String())
    description = fields.String(allow_none=True)
    accounts = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    cert_validity_hours = fields.Integer()
    state = fields.Enum(HostState, by_value=True)
    suspended_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)
    revocation_reason = fields.String(allow_none=True)
    enrolled_at = Moment(allow_none=True)
    certified_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True)
    days_left = fields.Integer(allow_none=True)
    due_at = Moment(allow_none=True)
    renewal_due = fields.Boolean()
    enroll_token_expires_at = Moment(allow_none=True)
    last_seen_at = Moment(allow_none=True)
    last_seen_krl_version = fields.Integer(allow_none=True)
    last_seen_bundle = fields.String(allow_none=True)
    keys = fields.List(fields.Nested(HostKeyOut))
    created_at = Moment()
    updated_at = Moment()


class NewHostTokenOut(Schema):
    """``token`` is told this once, and enrols this host alone."""

    token = fields.String()
    host_id = fields.UUID()
    expires_at = Moment()
