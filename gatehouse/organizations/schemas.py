"""Organizations and members as they travel over HTTP."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gatehouse.core.fields import Address, Moment, Paragraphs, Text, WebAddress
from gatehouse.core.roles import Role
from gatehouse.organizations.rules import SLUG

ROLES = validate.OneOf(
    [role.value for role in Role], error="Must be one of: owner, admin, member, guest."
)


class RoleField(fields.Enum[Role]):
    """A role by its word."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Role, by_value=True, **kwargs)


class Slug(fields.String):
    """What stands for an organization in addresses."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=is_slug, metadata={"pattern": f"^{SLUG}$"}, **kwargs)


def is_slug(text: str) -> None:
    if not re.fullmatch(SLUG, text):
        raise ValidationError(
            "Up to 63 of a-z, 0-9 and hyphens, a hyphen not at the beginning or the end."
        )


class OrganizationIn(Schema):
    name = Text(1, 255, required=True)
    slug = Slug(load_default=None, allow_none=True)
    description = Paragraphs(2000, load_default=None, allow_none=True)
    logo_url = WebAddress(load_default=None, allow_none=True)


class OrganizationChanges(Schema):
    name = Text(1, 255)
    description = Paragraphs(2000, allow_none=True)
    logo_url = WebAddress(allow_none=True)


class OrganizationOut(Schema):
    id = fields.UUID()
    name = fields.String()
    slug = fields.String()
    description = fields.String(allow_none=True)
    logo_url = fields.String(allow_none=True)
    is_active = fields.Boolean()
    settings = fields.Dict()
    created_at = Moment()
    updated_at = Moment()


class OrganizationWithCountOut(Schema):
    organization = fields.Nested(OrganizationOut)
    member_count = fields.Integer()


class PlaceOut(OrganizationOut):
    role = fields.String(validate=ROLES)
    is_suspended = fields.Boolean()


class MemberIn(Schema):
    email = Address(required=True)
    role = RoleField(required=True)


class InviteIn(Schema):
    email = Address(required=True)
    role = RoleField(load_default=Role.MEMBER)


class InviteOut(Schema):
    id = fields.UUID()
    email = fields.String()
    role = fields.String(validate=ROLES)
    invited_by_id = fields.UUID(allow_none=True)
    created_at = Moment()
    expires_at = Moment()


class OfferedBy(Schema):
    id = fields.UUID()
    name = fields.String()


class OwnInviteOut(Schema):
    """An offer to one's own address, with the token that accepts it."""

    token = fields.String()
    organization = fields.Nested(OfferedBy)
    role = fields.String(validate=ROLES)
    expires_at = Moment()


class OfferOut(Schema):
    email = fields.String()
    organization = fields.Nested(OfferedBy)
    role = fields.String(validate=ROLES)
    expires_at = Moment()
    user_exists = fields.Boolean()


class RoleIn(Schema):
    role = RoleField(required=True)


class RoleCountOut(Schema):
    role = fields.String(validate=ROLES)
    member_count = fields.Integer()


class RolesOut(Schema):
    organization_id = fields.UUID()
    roles = fields.List(fields.Nested(RoleCountOut))


class MemberChoice(Schema):
    """A member, by address or by id."""

    email = Address(load_default=None)
    user_id = fields.UUID(load_default=None)

    @validates_schema
    def names_one_person(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if (data["email"] is None) == (data["user_id"] is None):
            raise ValidationError("Send either email or user_id.", "user_id")


class TransferIn(Schema):
    new_owner_user_id = fields.UUID(required=True)


class PersonOut(Schema):
    """What members see of each other. The address is for those who manage members."""

    id = fields.UUID()
    email = fields.String(allow_none=True)
    full_name = fields.String(allow_none=True)
    avatar_url = fields.String(allow_none=True)


class MemberOut(Schema):
    id = fields.UUID()
    user_id = fields.UUID()
    organization_id = fields.UUID()
    role = fields.String(validate=ROLES)
    is_suspended = fields.Boolean()
    joined_at = Moment()
    invited_by_id = fields.UUID(allow_none=True)
    invited_at = Moment(allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    user = fields.Nested(PersonOut)


class TransferOut(Schema):
    previous_owner = fields.Nested(MemberOut)
    new_owner = fields.Nested(MemberOut)
