"""Accounts as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from gatehouse.accounts.models import AccountStatus
from gatehouse.accounts.rules import LONGEST, SHORTEST
from gatehouse.core.fields import Address, LinkToken, Moment, Password, Text, WebAddress
from gatehouse.core.sayings import _


class UserOut(Schema):
    id = fields.UUID()
    email = fields.String()
    email_verified = fields.Boolean()
    full_name = fields.String(allow_none=True)
    avatar_url = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in AccountStatus]))
    activated = fields.Boolean()
    last_login_at = Moment(allow_none=True)
    created_at = Moment()
    updated_at = Moment()


class ProfileChanges(Schema):
    full_name = Text(most=255, allow_none=True)
    avatar_url = WebAddress(allow_none=True)


class NewPassword(Password):
    """A password to be set. The service says what is wrong with it, its length too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []
        rule = f"{SHORTEST} to {LONGEST} characters, not easy to guess."
        self.metadata = {**self.metadata, "description": rule}


def differ(data: dict[str, Any], one: str, other: str) -> bool:
    """Whether two fields differ, of which each may be missing or not valid."""
    return one in data and other in data and data[one] != data[other]


class TypedTwice(Schema):
    """A new password comes twice, so that a slip is seen; what is done with it needs it once."""

    @post_load
    def one_is_enough(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if not name.endswith("_confirm")}


class PasswordChange(TypedTwice):
    current_password = Password(required=True)
    new_password = NewPassword(required=True)
    new_password_confirm = NewPassword(required=True)

    @validates_schema(skip_on_field_errors=False)
    def both_are_the_same(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if differ(data, "new_password", "new_password_confirm"):
            raise ValidationError(
                _("Must be the same as the new password."), "new_password_confirm"
            )


class AddressIn(Schema):
    email = Address(required=True)


class TokenIn(Schema):
    token = LinkToken(required=True)


class NewPasswordIn(TypedTwice):
    password = NewPassword(required=True)
    password_confirm = NewPassword(required=True)

    @validates_schema(skip_on_field_errors=False)
    def both_are_the_same(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if differ(data, "password", "password_confirm"):
            raise ValidationError(_("Must be the same as the password."), "password_confirm")


class ResetIn(NewPasswordIn):
    token = LinkToken(required=True)


class NewAddressIn(Schema):
    email = Address(required=True)
    password = Password(load_default=None)


class ExportOut(Schema):
    """A part for each domain that holds something on the person."""

    export = fields.Dict()


class DeletionIn(Schema):
    password = Password(load_default=None)
