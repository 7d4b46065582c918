"""Hosts, as they travel over HTTP."""

from typing import Any

from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from gatehouse.core.fields import Flag, Moment, Text
from gatehouse.core.sayings import _
from gatehouse.ssh_ca.rules.hosts import faults_of
from gatehouse.ssh_hosts.rules.hosts import (
    MOST_ACCOUNTS,
    MOST_PRINCIPALS,
    HostState,
    wrong_accounts,
    wrong_principals,
)

HOUR = 3600
USUAL_HOURS, MOST_HOURS = 30 * 24, 365 * 24
HOURS = validate.Range(1, MOST_HOURS)
MOST_KEYS = 5
LINE = fields.String(validate=validate.Length(1, 16 * 1024))


def _are_names(names: list[str]) -> None:
    if faults := faults_of(names):
        raise ValidationError(faults)


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


class HostEnrolmentIn(Schema):
    """With ``token`` alone: what is to be signed. ``signatures`` are those of the
    ``host_public_keys``, in their order.
    """

    token = fields.String(required=True, validate=validate.Length(1, 200))
    host_public_keys = fields.List(LINE, validate=validate.Length(1, MOST_KEYS))
    signatures = fields.List(LINE, validate=validate.Length(1, MOST_KEYS))

    @validates_schema
    def go_together(self, data: dict[str, Any], **_kwargs: Any) -> None:
        keys, signatures = (data.get(name) for name in ("host_public_keys", "signatures"))
        if (keys is None) != (signatures is None) or len(keys or ()) != len(signatures or ()):
            raise ValidationError("As many as there are keys, in their order.", "signatures")


class HostRenewalIn(Schema):
    """With ``host_id`` alone: what is to be signed, and the ``nonce`` to send back."""

    host_id = fields.UUID(required=True)
    nonce = fields.String(validate=validate.Length(1, 200))
    signature = fields.String(validate=validate.Length(1, 16 * 1024))

    @validates_schema
    def go_together(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if ("nonce" in data) != ("signature" in data):
            raise ValidationError("Send the nonce and its signature.", "signature")


class HostSyncQuery(Schema):
    """What the host has in place now: the version of its revocation list, and the ``bundle``."""

    krl_version = fields.Integer(load_default=None, validate=validate.Range(0, 2**63 - 1))
    bundle = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-f]{16}\Z"))


class HostChallengeOut(Schema):
    """Sign ``challenge_text`` in ``namespace``."""

    host_id = fields.UUID()
    challenge_text = fields.String()
    namespace = fields.String()
    expires_at = Moment()
    nonce = fields.String(allow_none=True)


class HostCertificateOut(Schema):
    cert_id = fields.UUID()
    serial = fields.Integer()
    key_id = fields.String()
    fingerprint = fields.String()
    valid_after = Moment()
    valid_before = Moment()
    certificate = fields.String()


class HostSyncOut(Schema):
    """``principals``: a file for each account, of ``AuthorizedPrincipalsFile``. ``bundle`` names
    the keys of both authorities; lists of ``krl_url`` are signed by ``krl_signer``.
    """

    host_id = fields.UUID()
    organization_id = fields.UUID()
    organization = fields.String()
    names = fields.List(fields.String())
    principals = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    bundle = fields.String()
    user_ca = fields.List(fields.String())
    host_ca = fields.List(fields.String())
    krl_version = fields.Integer(allow_none=True)
    krl_url = fields.String()
    krl_signer = fields.String(allow_none=True)
    expires_at = Moment(allow_none=True)
    renewal_due = fields.Boolean()


class HostWelcomeOut(HostSyncOut):
    """``credential`` is told this once. ``sshd_config`` is for files that are in place."""

    class Meta:
        exclude = ("expires_at", "renewal_due")

    credential = fields.String()
    sshd_config = fields.String()
    certificates = fields.List(fields.Nested(HostCertificateOut))
    renew_from = Moment()


class HostEnrolledOut(Schema):
    """One of them: ``challenge`` is what is to be signed, ``enrolled`` what a proved host gets."""

    challenge = fields.Nested(HostChallengeOut, allow_none=True)
    enrolled = fields.Nested(HostWelcomeOut, allow_none=True)


class HostCertificatesOut(Schema):
    host_id = fields.UUID()
    certificates = fields.List(fields.Nested(HostCertificateOut))
    renew_from = Moment()


class HostRenewedOut(Schema):
    """One of them, as when it is enrolled."""

    challenge = fields.Nested(HostChallengeOut, allow_none=True)
    renewed = fields.Nested(HostCertificatesOut, allow_none=True)
