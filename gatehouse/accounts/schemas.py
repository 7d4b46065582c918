"""Accounts as they travel over HTTP."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.fields import Moment, Password, Text, WebAddress


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


class PasswordChange(Schema):
    current_password = Password(required=True)
    new_password = Password(required=True)
    new_password_confirm = Password(required=True)

    @validates_schema
    def both_are_the_same(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["new_password"] != data["new_password_confirm"]:
            raise ValidationError("Must be the same as new_password.", "new_password_confirm")


class DeletionIn(Schema):
    password = Password(load_default=None)
