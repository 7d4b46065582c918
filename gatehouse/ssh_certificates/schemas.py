"""SSH certificates, as they travel over HTTP."""

from collections.abc import Iterable
from typing import Any

import orjson
from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from gatehouse.audit.rules.cells import csv_rows
from gatehouse.core.fields import Count, Flag, Instant, Moment, Text, Whole
from gatehouse.core.pagination import CursorWindow
from gatehouse.core.sayings import _
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.rules.hosts import faults_of
from gatehouse.ssh_certificates.rules import CertificateState

HOUR = 3600
MOST = 256  # of each list
FINGERPRINT = r"SHA256:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\Z"  # of 32 bytes: one spelling
NOT_OF_HOSTS = _("A certificate for a host has none. Leave this out.")
LONGEST = 10**9  # seconds: that is no life of a certificate, and the refusal says which is


class CertificateWish(Schema):
    """``key_id`` is one of your SSH keys; without it, the one that you proved last. ``principals``:
    without them all that you may use. ``clamp`` takes the longest life where you ask for more.
    ``cert_type`` is ``user``; ``host``, with its names as ``principals``, for admins.
    """

    cert_type = fields.Enum(AuthorityKind, by_value=True, load_default=AuthorityKind.USER)
    organization_id = fields.UUID(load_default=None)
    key_id = fields.UUID(load_default=None)
    principals = fields.List(
        fields.String(validate=validate.Length(max=255)),
        load_default=None,
        validate=validate.Length(max=MOST),
    )
    ttl_seconds = Count(load_default=None, validate=validate.Range(-LONGEST, LONGEST))
    source_addresses = fields.List(
        fields.String(validate=validate.Length(max=64)),
        load_default=None,
        validate=validate.Length(max=MOST),
    )
    extensions = fields.List(
        fields.String(validate=validate.Length(max=64)),
        load_default=None,
        validate=validate.Length(max=MOST),
    )
    reason = Text(most=255, load_default=None, allow_none=True)
    clamp = Flag(load_default=False)

    @pre_load
    def by_its_old_names(self, data: Any, **_kwargs: Any) -> Any:
        """``cert_id`` was the key; ``expiry_hours`` may be said instead of seconds."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if "cert_id" in data and "key_id" not in data:
            data["key_id"] = data.pop("cert_id")
        if "expiry_hours" in data and "ttl_seconds" not in data:
            data["ttl_seconds"] = _in_seconds(data.pop("expiry_hours"))
        return data

    @post_load
    def as_tuples(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        if data["cert_type"] is AuthorityKind.HOST and (faults := _faults_of_host(data)):
            raise ValidationError(faults)
        return {name: tuple(one) if isinstance(one, list) else one for name, one in data.items()}


def _faults_of_host(data: dict[str, Any]) -> dict[str, list[str]]:
    """What hosts do not have (PROTOCOL.certkeys), and names of which none could be one."""
    faults = {name: [NOT_OF_HOSTS] for name in ("extensions", "source_addresses") if data[name]}
    if of_names := faults_of(data["principals"] or ()):
        faults["principals"] = of_names
    return faults


def _in_seconds(hours: Any) -> int:
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if not is_number or not abs(hours) < LONGEST / HOUR:
        raise ValidationError({"expiry_hours": ["Must be a number of hours."]})
    return int(hours * HOUR)


class CertificateOut(Schema):
    id = fields.UUID()
    organization_id = fields.UUID()
    kind = fields.Enum(AuthorityKind, by_value=True)
    holder = fields.String(attribute="holder.value")
    holder_id = fields.UUID()
    user_id = fields.UUID(allow_none=True)
    serial = Count()
    key_id = fields.String()
    ssh_key_id = fields.UUID(allow_none=True)
    fingerprint = fields.String()
    ca_fingerprint = fields.String()
    principals = fields.List(fields.String())
    valid_after = Moment()
    valid_before = Moment()
    ttl_seconds = Count(allow_none=True)
    limited_by = fields.String(allow_none=True)
    critical_options = fields.Dict(keys=fields.String(), values=fields.String())
    extensions = fields.List(fields.String())
    policy = fields.List(fields.String())
    state = fields.Enum(CertificateState, by_value=True)
    reason = fields.String(allow_none=True)
    ip = fields.String(allow_none=True)
    amr = fields.String(allow_none=True)
    auth_time = Moment(allow_none=True)
    mfa_time = Moment(allow_none=True)
    request_id = fields.String()
    created_at = Moment()
    revoked_at = Moment(allow_none=True)
    revoked_by = fields.UUID(allow_none=True)
    revocation_reason = fields.String(allow_none=True)


class WholeCertificateOut(CertificateOut):
    """``certificate`` is the one line of a file such as ``id_ed25519-cert.pub``."""

    certificate = fields.String()


class SignedCertificateOut(WholeCertificateOut):
    cert_id = fields.UUID(attribute="id", dump_only=True)


class CertificatesQuery(CursorWindow):
    organization_id = fields.UUID(load_default=None)
    serial = Whole(load_default=None, validate=validate.Range(1, 2**63 - 1))
    kind = fields.Enum(AuthorityKind, by_value=True, load_default=None)
    state = fields.Enum(CertificateState, by_value=True, load_default=None)


class CertificateFilters(Schema):
    """``from`` and ``to`` are RFC 3339 times of signing, ``to`` not included."""

    user_id = fields.UUID(load_default=None)
    ca_id = fields.UUID(load_default=None)
    fingerprint = Text(most=50, load_default="", data_key="key")
    principal = Text(most=255, load_default="")
    serial = Whole(load_default=None, validate=validate.Range(1, 2**63 - 1))
    key_id = Text(most=255, load_default="")
    kind = fields.Enum(AuthorityKind, by_value=True, load_default=None)
    state = fields.Enum(CertificateState, by_value=True, load_default=None)
    since = Instant(data_key="from", load_default=None)
    until = Instant(data_key="to", load_default=None)


class OrganizationCertificatesQuery(CertificateFilters, CursorWindow):
    """The filters, and which part of what they leave."""


class CertificateExportQuery(CertificateFilters):
    """The filters, and how the certificates are written down."""

    file_format = fields.String(
        data_key="format",
        load_default="csv",
        validate=validate.OneOf(("jsonl", "csv"), error="Must be jsonl or csv."),
    )


class CertificateRefusalOut(Schema):
    error_type = fields.String(attribute="type")
    message = fields.String(attribute="says")
    details = fields.Dict()


class PrincipalPlaceOut(Schema):
    """``why_not`` is null for what is in."""

    name = fields.String()
    included = fields.Boolean(attribute="is_in")
    why_not = fields.String(attribute="why_not.value", dump_default=None, allow_none=True)
    direct = fields.Boolean()
    departments = fields.List(fields.String())
    withheld_by = fields.List(fields.String(), attribute="withhold")


class CertificatePreviewOut(Schema):
    """``ttl_seconds`` is how long it would last, ``limited_by`` whose limit that is; what is null
    is not known before there is a principal.
    """

    allowed = fields.Boolean()
    refusals = fields.List(fields.Nested(CertificateRefusalOut))
    principals = fields.List(fields.Nested(PrincipalPlaceOut))
    ttl_seconds = Count(allow_none=True)
    limited_by = fields.String(allow_none=True)
    limiting_department = fields.String(allow_none=True)
    longest_seconds = Count(allow_none=True)
    extensions = fields.List(fields.String())
    critical_options = fields.Dict(keys=fields.String(), values=fields.String())
    policy = fields.List(fields.String())
    mfa_max_age = Count(allow_none=True)
    ssh_key_id = fields.UUID()
    fingerprint = fields.String()
    ip = fields.String(allow_none=True)


class CertPolicyQuery(Schema):
    organization_id = fields.UUID(load_default=None)


class DemandedOut(Schema):
    """``departments`` are those whose policies hold; ``source_cidrs`` is null where all may be."""

    allow_user_expiry = fields.Boolean()
    default_seconds = Count()
    max_seconds = Count()
    default_expiry_hours = fields.Float()
    max_expiry_hours = fields.Float()
    extensions = fields.List(fields.String())
    source_cidrs = fields.List(fields.String(), allow_none=True)
    pin_source_ip = fields.Boolean()
    force_command = fields.String(allow_none=True)
    require_fido = fields.Boolean()
    require_pin = fields.Boolean()
    mfa_max_age = Count(allow_none=True)
    departments = fields.List(fields.String())


class RevocationIn(Schema):
    reason = Text(most=255, load_default=None, allow_none=True)


class RevocationsIn(RevocationIn):
    """What certificates have in common that are revoked: all that is said here.

    ``key_fingerprint`` also keeps that key out of all new ones.
    """

    user_id = fields.UUID()
    key_fingerprint = fields.String(
        validate=validate.Regexp(FINGERPRINT, error="Right is SHA256:..., as ssh-keygen -l has it.")
    )
    principal = Text(most=255)
    issued_before = Instant()
    ca_key_id = fields.UUID()

    @validates_schema
    def says_which(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.keys() - {"reason"}:
            wrong = "Say which: user_id, key_fingerprint, principal, issued_before or ca_key_id."
            raise ValidationError(wrong, "user_id")


class RevocationsOut(Schema):
    """``revoked`` is how many there were, ``krl_version`` the list in which they are."""

    revoked = Count()
    krl_version = Count()


class RevokedSshKeyOut(Schema):
    id = fields.UUID()
    fingerprint = fields.String()
    reason = fields.String()
    revoked_by = fields.UUID(allow_none=True)
    created_at = Moment()


class RevokedOut(Schema):
    """``krl_version`` is the list in which they are, which is published already."""

    status = fields.String()
    cert_id = fields.UUID()
    reason = fields.String(allow_none=True)
    krl_version = Count()


CERTIFICATE = CertificateOut()
COLUMNS = (
    *("id", "created_at", "state", "kind", "holder", "holder_id", "serial", "key_id"),
    *("principals", "valid_after", "valid_before", "fingerprint", "ca_fingerprint"),
    *("critical_options", "extensions", "policy", "reason", "ip", "amr", "auth_time", "mfa_time"),
    *("revoked_at", "revoked_by", "revocation_reason", "request_id"),
)
BROKEN = "This export broke off and is not complete."


def as_json_lines(rows: Iterable[Any], *, is_first: bool) -> bytes:
    """One certificate a line, each as the lists have it."""
    del is_first
    return b"".join(
        orjson.dumps(CERTIFICATE.dump(row), option=orjson.OPT_APPEND_NEWLINE) for row in rows
    )


def as_csv(rows: Iterable[Any], *, is_first: bool) -> bytes:
    """RFC 4180, with a line of names at first, and safe to open in a spreadsheet."""
    shown = (CERTIFICATE.dump(row) for row in rows)
    cells = ([row[name] for name in COLUMNS] for row in shown)
    return csv_rows([COLUMNS, *cells] if is_first else cells)


# The content type, what writes them down in it, and the last line if that could not go on.
FORMATS = {
    "jsonl": ("application/x-ndjson", as_json_lines, orjson.dumps({"error": BROKEN}) + b"\n"),
    "csv": ("text/csv; charset=utf-8; header=present", as_csv, csv_rows([["error", BROKEN]])),
}
