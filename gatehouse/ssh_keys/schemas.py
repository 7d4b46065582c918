"""SSH keys, as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from gatehouse.core.fields import Instant, Moment, Text

VERIFY, GENERATE = "verify_signature", "generate_challenge"


class SshKeyChanges(Schema):
    """``expires_at``: from then on the key is good for nothing; ``null`` for never."""

    name = Text(least=1, most=100)
    description = Text(most=255, allow_none=True)
    expires_at = Instant(allow_none=True)


class SshKeyIn(SshKeyChanges):
    """``public_key`` (or ``key``) is the one line of a file such as ``id_ed25519.pub``."""

    public_key = fields.String(required=True, validate=validate.Length(1, 16 * 1024))

    @pre_load
    def by_its_old_name(self, data: Any, **_kwargs: Any) -> Any:
        if isinstance(data, dict) and "key" in data and "public_key" not in data:
            data = {**data, "public_key": data["key"]}
            del data["key"]
        return data


class SshKeyDescriptionIn(Schema):
    description = Text(most=255, required=True, allow_none=True)


class SshProofIn(Schema):
    """``signature`` is the text of the file that ``ssh-keygen -Y sign`` wrote, or base64 of it. The
    action ``generate_challenge`` asks for a challenge instead.
    """

    signature = fields.String(validate=validate.Length(1, 16 * 1024))
    action = fields.String(load_default=VERIFY, validate=validate.OneOf((VERIFY, GENERATE)))

    @validates_schema
    def signature_is_there(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if (data["action"] == VERIFY) != ("signature" in data):
            wrong = (
                "Send the text of the .sig file." if data["action"] == VERIFY else "Leave it out."
            )
            raise ValidationError(wrong, "signature")


class SshChallengeOut(Schema):
    """Sign ``challenge_text`` in ``namespace``; ``command`` is one that does."""

    challenge_text = fields.String(attribute="text")
    validationText = fields.String(attribute="text", dump_only=True)  # noqa: N815 - its old name
    namespace = fields.String()
    expires_at = Moment()
    command = fields.String()
    key_id = fields.UUID()


class SshProofOut(SshChallengeOut):
    verified = fields.Boolean()


class SshDeletedOut(Schema):
    status = fields.String()


class SshKeyOut(Schema):
    id = fields.UUID()
    user_id = fields.UUID()
    name = fields.String()
    description = fields.String(allow_none=True)
    public_key = fields.String()
    fingerprint = fields.String()
    key_type = fields.String(attribute="type")
    key_bits = fields.Integer(attribute="bits")
    key_comment = fields.String(attribute="comment")
    application = fields.String(allow_none=True)
    state = fields.String()
    verified = fields.Boolean()
    verified_at = Moment(allow_none=True)
    proved_with_pin = fields.Boolean()
    cert_count = fields.Integer()
    expires_at = Moment(allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    challenge = fields.Nested(SshChallengeOut)
