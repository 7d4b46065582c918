"""Coming in and going out, as it travels over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gatehouse.accounts.schemas import NewPassword, NewPasswordIn, TypedTwice, UserOut, differ
from gatehouse.core.fields import Address, Flag, LinkToken, Moment, Password, Text
from gatehouse.core.roles import Role
from gatehouse.core.sayings import _
from gatehouse.mfa.schemas import AssertionIn, PostedAssertionIn, RequestOptionsOut
from gatehouse.organizations.schemas import OwnInviteOut
from gatehouse.policies.schemas import OwnComplianceOut

METHODS = ("webauthn", "totp", "recovery_code")


class RegisterIn(TypedTwice):
    email = Address(required=True)
    password = NewPassword(required=True)
    password_confirm = NewPassword(required=True)
    full_name = Text(most=255, load_default=None, allow_none=True)

    @validates_schema(skip_on_field_errors=False)
    def both_are_the_same(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if differ(data, "password", "password_confirm"):
            raise ValidationError(_("Must be the same as the password."), "password_confirm")


class ClaimIn(NewPasswordIn):
    """The password of an account that is claimed."""


class ActivateIn(ClaimIn):
    """``code`` is the token of the mailed link; ``activation_key`` is another name for it."""

    code = LinkToken(load_default="")
    activation_key = LinkToken(load_default="")

    @validates_schema(skip_on_field_errors=False)
    def there_is_a_code(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.get("code") and not data.get("activation_key"):
            raise ValidationError("Missing. Send the code of the activation mail.", "code")
        if data.get("code") and data.get("activation_key"):
            raise ValidationError("This is the code by another name: send one.", "activation_key")


class LoginIn(Schema):
    email = Address(required=True)
    password = Password(required=True)
    remember_me = Flag(load_default=False)


class ReauthenticateIn(Schema):
    password = Password(required=True)


class ConfirmIn(Schema):
    """One of these: ``password``, ``code`` as in ``FactorIn``, or what a ``passkey`` answered."""

    password = Password(load_default=None)
    code = fields.String(load_default=None, validate=validate.Length(1, 40))
    passkey = fields.Nested(AssertionIn, load_default=None)
    is_backup_code = Flag(load_default=False)

    @validates_schema(skip_on_field_errors=False)
    def one_is_sent(self, data: dict[str, Any], **_kwargs: Any) -> None:
        sent = [name for name in ("password", "code", "passkey") if data.get(name) is not None]
        if not sent:
            raise ValidationError("Missing. Send it, or a code, or a passkey.", "password")
        if len(sent) > 1:
            raise ValidationError(f"Send this, or {sent[0]}: one of both.", sent[1])


class SignedInOut(Schema):
    user = fields.Nested(UserOut)
    token = fields.String()
    expires_at = Moment()


class RegisteredOut(SignedInOut):
    is_first_user = fields.Boolean()
    pending_invites = fields.List(fields.Nested(OwnInviteOut))


class TokenOut(Schema):
    token = fields.String(required=True)


class TypedCodeIn(Schema):
    code = Text(most=40, required=True)


class FactorIn(Schema):
    """``code``: six digits of the app, or with ``is_backup_code`` a code to recover with."""

    code = fields.String(required=True, validate=validate.Length(1, 40))
    is_backup_code = Flag(load_default=False)
    mfa_token = fields.String(required=True, validate=validate.Length(1, 200))
    client_timestamp = fields.Raw(load_default=None)


class BeginPasskeyIn(Schema):
    """Whose passkey: of a sign-in that waits, of an address, or without both of anybody."""

    email = Address(load_default=None, allow_none=True)
    mfa_token = fields.String(load_default=None, validate=validate.Length(1, 200))


class PasskeyIn(AssertionIn):
    mfa_token = fields.String(load_default=None, validate=validate.Length(1, 200))
    remember_me = Flag(load_default=False)


class PostedPasskeyIn(PostedAssertionIn):
    """The same in a form: ``passkey`` as JSON."""


class PostedSignInIn(PostedPasskeyIn):
    """What the sign-in page sends of a passkey."""

    remember_me = Flag(load_default=False)


class PasskeyOptionsOut(RequestOptionsOut):
    """What a browser is to be given."""


class LoggedInOut(SignedInOut):
    """A session; or, where a second factor is asked for, what to send with it."""

    requires_webauthn = fields.Boolean()
    requires_totp = fields.Boolean()
    mfa_token = fields.String()
    mfa_methods = fields.List(fields.String(validate=validate.OneOf(METHODS)))
    mfa_compliance = fields.Nested(OwnComplianceOut)
    requires_mfa_enrollment = fields.Boolean()
    requires_org_setup = fields.Boolean()
    pending_invites = fields.List(fields.Nested(OwnInviteOut))


class AcceptIn(TypedTwice):
    """Nothing is needed of those who have an account already."""

    full_name = Text(most=255, load_default=None, allow_none=True)
    password = NewPassword(load_default=None)
    password_confirm = NewPassword(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def both_are_the_same(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("password") != data.get("password_confirm"):
            raise ValidationError(_("Must be the same as the password."), "password_confirm")


class AcceptedOut(Schema):
    """Token and its end only for a new account."""

    user = fields.Nested(UserOut)
    organization_id = fields.UUID()
    role = fields.String(validate=validate.OneOf([role.value for role in Role]))
    token = fields.String(dump_default=None, allow_none=True)
    expires_at = Moment(dump_default=None, allow_none=True)


class ConfirmedOut(Schema):
    auth_time = Moment()
    amr = fields.List(fields.String())
    acr = fields.String()


class OwnPlaceOut(Schema):
    id = fields.UUID()
    name = fields.String()
    slug = fields.String()
    role = fields.String(validate=validate.OneOf([role.value for role in Role]))


class MeOut(Schema):
    user = fields.Nested(UserOut)
    organizations = fields.List(fields.Nested(OwnPlaceOut))
