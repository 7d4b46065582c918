"""Second factors, as they travel over HTTP."""

from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from gatehouse.core.base64url import decode
from gatehouse.core.fields import Flag, Moment, Password, Text
from gatehouse.core.sayings import _
from gatehouse.mfa.service import Assertion, Attestation

NO_PASSKEY = _("Your browser sent nothing that is a passkey. Try again.")
NO_CODE = "A code of six digits, as the app shows it."


class CodeIn(Schema):
    """``client_timestamp`` is taken and not looked at: the time is ours."""

    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z", error=NO_CODE))
    client_timestamp = fields.Raw(load_default=None)


class ProofIn(Schema):
    """``code`` of the app, or with ``is_backup_code`` one to recover with; or the ``password``,
    which does for who has used a factor in the last 10 minutes. Without both the sign-in must be
    recent.
    """

    code = fields.String(load_default=None, validate=validate.Length(1, 40))
    is_backup_code = Flag(load_default=False)
    password = Password(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def one_is_sent(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("code") is not None and data.get("password") is not None:
            raise ValidationError("Send this, or the code: one of both.", "password")

    @post_load
    def as_proof(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        names = {"is_recovery_code": data.pop("is_backup_code")}
        return {"proof": {**data, **names}}


class TypedCodeIn(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 20, error=NO_CODE))


class EnrolmentOut(Schema):
    secret = fields.String()
    provisioning_uri = fields.String()
    qr_code = fields.String()
    backup_codes = fields.List(fields.String())


class CodesOut(Schema):
    backup_codes = fields.List(fields.String())


class TotpOut(Schema):
    totp_enabled = fields.Boolean()
    verified_at = Moment(allow_none=True)
    backup_codes_remaining = fields.Integer()


class Bytes(fields.String):
    """Bytes as base64url without padding, as browsers write them (WebAuthn 5.1)."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            raw = decode(text)
        except ValueError:
            raise ValidationError("Must be base64url without padding.") from None
        if not 0 < len(raw) <= self._most:
            raise ValidationError(f"Must stand for 1 to {self._most} bytes.")
        return raw


class _CredentialIn(Schema):
    """What ``PublicKeyCredential.toJSON()`` gives. Browsers add to it what is not looked at."""

    class Meta:
        unknown = EXCLUDE

    id = Bytes(1023, required=True)
    rawId = Bytes(1023, required=True)  # noqa: N815 - WebAuthn's
    type = fields.String(required=True, validate=validate.Equal("public-key"))


class _AttestationResponseIn(Schema):
    class Meta:
        unknown = EXCLUDE

    clientDataJSON = Bytes(4096, required=True)  # noqa: N815
    attestationObject = Bytes(32 * 1024, required=True)  # noqa: N815
    transports = fields.List(fields.String(validate=validate.Length(max=30)), load_default=None)


class AttestationIn(_CredentialIn):
    response = fields.Nested(_AttestationResponseIn, required=True)
    transports = fields.List(fields.String(validate=validate.Length(max=30)), load_default=None)
    name = Text(least=1, most=100, load_default=None, allow_none=True)

    @post_load
    def as_attestation(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        said = data["response"]
        given = Attestation(
            credential_id=_the_same(data),
            client_data=said["clientDataJSON"],
            attestation_object=said["attestationObject"],
            transports=data["transports"] or said["transports"] or (),
        )
        return {"given": given, "name": data["name"]}


class _AssertionResponseIn(Schema):
    class Meta:
        unknown = EXCLUDE

    authenticatorData = Bytes(4096, required=True)  # noqa: N815
    clientDataJSON = Bytes(4096, required=True)  # noqa: N815
    signature = Bytes(1024, required=True)
    userHandle = Bytes(64, load_default=None, allow_none=True)  # noqa: N815


class AssertionIn(_CredentialIn):
    response = fields.Nested(_AssertionResponseIn, required=True)

    @post_load
    def as_assertion(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        said = data.pop("response")
        given = Assertion(
            credential_id=_the_same(data),
            client_data=said["clientDataJSON"],
            authenticator_data=said["authenticatorData"],
            signature=said["signature"],
            user_handle=said["userHandle"],
        )
        rest = {name: value for name, value in data.items() if name not in ("id", "rawId", "type")}
        return {"given": given, **rest}


def _the_same(data: dict[str, Any]) -> bytes:
    """The id, which stands in it twice."""
    if data["id"] != data["rawId"]:
        raise ValidationError("Must be the same as id.", "rawId")
    found: bytes = data["id"]
    return found


class Posted(fields.String):
    """The same in a field of a form, as the text that a page's script makes of it."""

    def __init__(self, schema: type[Schema], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schema = schema()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self._schema.loads(text)
        except ValueError:  # A ValidationError is one.
            raise ValidationError(NO_PASSKEY) from None


class NewPasskeyIn(Schema):
    passkey = Posted(AttestationIn, required=True)
    name = Text(most=100, load_default=None)


class PostedAssertionIn(Schema):
    passkey = Posted(AssertionIn, required=True)


class PasskeyNameIn(Schema):
    name = Text(least=1, most=100, required=True)


class PasskeyOut(Schema):
    id = fields.UUID()
    name = fields.String()
    transports = fields.Function(lambda row: row.transports.split())
    aaguid = fields.UUID(attribute="model")
    is_synced = fields.Boolean()
    is_backed_up = fields.Boolean()
    sign_count = fields.Integer()
    created_at = Moment()
    last_used_at = Moment(allow_none=True)


class RegisteredPasskeyOut(Schema):
    """``backup_codes`` only if the account had none: they are shown once."""

    credential = fields.Nested(PasskeyOut)
    backup_codes = fields.List(fields.String())


class PasskeysOut(Schema):
    webauthn_enabled = fields.Boolean()
    credential_count = fields.Integer()


class EntityOut(Schema):
    id = fields.String()
    name = fields.String()


class UserEntityOut(EntityOut):
    displayName = fields.String()  # noqa: N815


class ParameterOut(Schema):
    type = fields.String()
    alg = fields.Integer()


class DescriptorOut(Schema):
    id = fields.String()
    type = fields.String()
    transports = fields.List(fields.String())


class SelectionOut(Schema):
    residentKey = fields.String()  # noqa: N815
    requireResidentKey = fields.Boolean()  # noqa: N815
    userVerification = fields.String()  # noqa: N815


class CreationOptionsOut(Schema):
    """For ``navigator.credentials.create`` (WebAuthn 5.4), as JSON."""

    rp = fields.Nested(EntityOut)
    user = fields.Nested(UserEntityOut)
    challenge = fields.String()
    pubKeyCredParams = fields.List(fields.Nested(ParameterOut))  # noqa: N815
    timeout = fields.Integer()
    excludeCredentials = fields.List(fields.Nested(DescriptorOut))  # noqa: N815
    authenticatorSelection = fields.Nested(SelectionOut)  # noqa: N815
    attestation = fields.String()


class RequestOptionsOut(Schema):
    """For ``navigator.credentials.get`` (WebAuthn 5.5), as JSON."""

    challenge = fields.String()
    timeout = fields.Integer()
    rpId = fields.String()  # noqa: N815
    allowCredentials = fields.List(fields.Nested(DescriptorOut))  # noqa: N815
    userVerification = fields.String()  # noqa: N815
