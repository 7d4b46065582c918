"""Certificate authorities, as they travel over HTTP. Lives of certificates are in hours there."""

from typing import Any

from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from gatehouse.core.fields import Count, Flag, Instant, Moment, Text
from gatehouse.ssh_ca.models import AuthorityKind, KeyState, Permission
from gatehouse.ssh_ca.service import MAKERS

HOUR = 3600
MOST_HOURS = 366 * 24
KEY_TYPES = validate.OneOf(tuple(MAKERS))


class AuthorityChanges(Schema):
    """``backdate_seconds``: how long before it is made a certificate begins, for late clocks."""

    name = Text(least=1, most=255)
    description = Text(most=2000, allow_none=True)
    default_cert_validity_hours = fields.Integer(
        strict=True, validate=validate.Range(1, MOST_HOURS)
    )
    max_cert_validity_hours = fields.Integer(strict=True, validate=validate.Range(1, MOST_HOURS))
    backdate_seconds = fields.Integer(strict=True, validate=validate.Range(0, 900))

    @post_load
    def in_seconds(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        for name in ("default", "max"):
            if (hours := data.pop(f"{name}_cert_validity_hours", None)) is not None:
                data[f"{name}_seconds"] = hours * HOUR
        return data


class AuthorityIn(AuthorityChanges):
    name = Text(least=1, most=255, required=True)
    description = Text(most=2000, allow_none=True, load_default=None)
    kind = fields.Enum(
        AuthorityKind, by_value=True, data_key="ca_type", load_default=AuthorityKind.USER
    )
    key_type = fields.String(load_default="ed25519", validate=KEY_TYPES)
    default_cert_validity_hours = fields.Integer(
        strict=True, load_default=8, validate=validate.Range(1, MOST_HOURS)
    )
    max_cert_validity_hours = fields.Integer(
        strict=True, load_default=720, validate=validate.Range(1, MOST_HOURS)
    )
    backdate_seconds = fields.Integer(
        strict=True, load_default=300, validate=validate.Range(0, 900)
    )


class AuthorityDeletionIn(Schema):
    """``force``, with a reason, ends certificates that are valid still."""

    reason = Text(most=255, load_default=None, allow_none=True)
    force = Flag(load_default=False)

    @validates_schema
    def force_has_a_reason(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["force"] and not data["reason"]:
            raise ValidationError("Say why, for the record.", "reason")


class AuthorityGoneOut(Schema):
    ca_id = fields.UUID()


class AuthorityRotationIn(Schema):
    """When the next key takes over: ``activate_at`` that time, ``after_sync`` once all enrolled
    hosts believe it; else somebody activates it. ``activate`` may say the same in one word:
    ``manual``, ``after_sync``, or a time. Without ``key_type`` it is of the kind that signs now.
    """

    key_type = fields.String(load_default=None, validate=KEY_TYPES)
    reason = Text(most=255, load_default=None, allow_none=True)
    activate_at = Instant(load_default=None, allow_none=True)
    after_sync = Flag(load_default=False)

    @pre_load
    def in_one_word(self, data: Any, **_kwargs: Any) -> Any:
        if not isinstance(data, dict) or "activate" not in data:
            return data
        word = data["activate"]
        rest = {name: value for name, value in data.items() if name != "activate"}
        if word == "after_sync":
            return {**rest, "after_sync": True}
        return rest if word == "manual" else {**rest, "activate_at": word}

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["after_sync"] and data["activate_at"] is not None:
            raise ValidationError("Say either a time or after_sync.", "activate_at")


class AuthorityRetirementIn(Schema):
    reason = Text(most=255, load_default=None, allow_none=True)


class AuthorityCompromiseIn(Schema):
    """``key_type`` is that of the key that signs instead, if there is no next one; without it, that
    of the one before.
    """

    reason = Text(least=1, most=255, required=True)
    key_type = fields.String(load_default=None, validate=KEY_TYPES)


class AuthorityKeyOut(Schema):
    id = fields.UUID()
    state = fields.Enum(KeyState, by_value=True)
    key_type = fields.String(attribute="type")
    public_key = fields.String()
    fingerprint = fields.String()
    next_serial_number = fields.Integer(attribute="next_serial")
    created_at = Moment()
    activate_at = Moment(allow_none=True)
    activate_after_sync = fields.Boolean()
    activated_at = Moment(allow_none=True)
    retiring_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class ReachOut(Schema):
    hosts = fields.Integer()
    up_to_date = fields.Integer()


class AuthorityOut(Schema):
    """The key named beside the authority is the one that signs. ``reach``, of a single one, is how
    many enrolled hosts there are, and how many believe exactly the present keys. ``total_certs``
    are all that it has signed, ``active_certs`` those that are valid now.
    """

    reach = fields.Nested(ReachOut)

    id = fields.UUID()
    organization_id = fields.UUID()
    name = fields.String()
    description = fields.String(allow_none=True)
    ca_type = fields.String()
    key_type = fields.String(allow_none=True)
    public_key = fields.String(allow_none=True)
    fingerprint = fields.String(allow_none=True)
    next_serial_number = fields.Integer(allow_none=True)
    total_certs = Count()
    active_certs = Count()
    revoked_certs = Count()
    is_active = Flag()
    default_cert_validity_hours = fields.Integer()
    max_cert_validity_hours = fields.Integer()
    backdate_seconds = fields.Integer()
    rotated_at = Moment(allow_none=True)
    rotation_reason = fields.String(allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    keys = fields.List(fields.Nested(AuthorityKeyOut))


class AuthorityRotatedOut(Schema):
    ca = fields.Nested(AuthorityOut)
    old_fingerprint = fields.String(allow_none=True)


class AuthorityPermissionIn(Schema):
    user_id = fields.UUID(required=True)
    permission = fields.Enum(Permission, by_value=True, load_default=Permission.SIGN)


class AuthorityPermissionOut(Schema):
    id = fields.UUID()
    user_id = fields.UUID()
    user_email = fields.String()
    permission = fields.Enum(Permission, by_value=True)
    created_at = Moment()


class AuthorityPermissionsOut(Schema):
    """``open_to_all``: nobody is named who may ask for certificates, so every member may."""

    ca_id = fields.UUID()
    permissions = fields.List(fields.Nested(AuthorityPermissionOut))
    open_to_all = fields.Boolean()


class AuthorityQuery(Schema):
    kind = fields.Enum(
        AuthorityKind, by_value=True, data_key="ca_type", load_default=AuthorityKind.USER
    )
    organization_id = fields.UUID(load_default=None)


class TrustedKeyOut(Schema):
    public_key = fields.String()
    fingerprint = fields.String()
    state = fields.Enum(KeyState, by_value=True)


class TrustedOut(Schema):
    """``public_key`` is the one that signs; machines have to believe all ``keys``."""

    organization_id = fields.UUID()
    ca_name = fields.String()
    ca_type = fields.String()
    public_key = fields.String()
    fingerprint = fields.String()
    source = fields.String()
    keys = fields.List(fields.Nested(TrustedKeyOut))
