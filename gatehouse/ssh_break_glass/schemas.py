"""The certificate for emergencies, as it travels over HTTP."""

from marshmallow import Schema, ValidationError, fields, validate

from gatehouse.core.fields import Count, Moment, Text
from gatehouse.ssh_break_glass.rules import MOST_DAYS, passphrase_problem
from gatehouse.ssh_certificates.rules import CertificateState


def _passphrase(value: str) -> None:
    if wrong := passphrase_problem(value):
        raise ValidationError(wrong)


class BreakGlassIn(Schema):
    """``passphrase`` encrypts the private key; it is not kept. ``days`` is how long it is good."""

    passphrase = fields.String(required=True, validate=_passphrase, metadata={"format": "password"})
    days = Count(required=True, validate=validate.Range(1, MOST_DAYS))
    reason = Text(most=255, load_default=None, allow_none=True)


class BreakGlassRevocationIn(Schema):
    reason = Text(least=1, most=255, required=True)


class BreakGlassOut(Schema):
    """``ca_fingerprint`` is of the key that signed this alone; it is in the bundle of machines.
    Where nothing is sealed the rest is null.
    """

    is_sealed = fields.Boolean()
    state = fields.Enum(CertificateState, by_value=True, allow_none=True)
    sealed_at = Moment(allow_none=True)
    sealed_by = fields.UUID(allow_none=True)
    sealed_by_an_owner = fields.Boolean(allow_none=True)
    expires_at = Moment(allow_none=True)
    days_left = Count(allow_none=True)
    certificate_id = fields.UUID(allow_none=True)
    serial = Count(allow_none=True)
    key_id = fields.String(allow_none=True)
    fingerprint = fields.String(allow_none=True)
    ca_fingerprint = fields.String(allow_none=True)
    principals = fields.List(fields.String())


class BreakGlassGivenOut(Schema):
    """``file`` is told this once: the private key under the passphrase, as OpenSSH writes it, and
    the certificate in its last line.
    """

    break_glass = fields.Nested(BreakGlassOut)
    file = fields.String()
    certificate = fields.String()


class BreakGlassRevokedOut(Schema):
    krl_version = Count()
