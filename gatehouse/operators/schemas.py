"""Other people's accounts as they travel over HTTP."""

from marshmallow import Schema, fields, validate

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.fields import Flag, Moment, Text
from gatehouse.core.pagination import CursorWindow
from gatehouse.organizations.schemas import ROLES


class PeopleQuery(CursorWindow):
    """``q`` is a part of the address or the name."""

    q = Text(most=100, load_default="")


class AccountOut(Schema):
    """What is an operator's to see is null to anybody else.

    To an admin ``status`` is that of the membership.
    """

    id = fields.UUID()
    email = fields.String()
    full_name = fields.String(allow_none=True)
    avatar_url = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in AccountStatus]))
    email_verified = fields.Boolean(allow_none=True)
    activated = fields.Boolean(allow_none=True)
    is_operator = fields.Boolean(allow_none=True)
    last_login_at = Moment(allow_none=True)
    created_at = Moment(allow_none=True)
    updated_at = Moment(allow_none=True)


class ListedAccountOut(AccountOut):
    """``org_id`` and ``org_role`` are null in an operator's list of all accounts."""

    org_id = fields.UUID(allow_none=True)
    org_role = fields.String(allow_none=True, validate=ROLES)


class PlaceOfPersonOut(Schema):
    org_id = fields.UUID()
    org_name = fields.String()
    role = fields.String(validate=ROLES)
    is_suspended = fields.Boolean()


class KeyOfPersonOut(Schema):
    id = fields.UUID()
    name = fields.String()
    fingerprint = fields.String()
    key_type = fields.String(attribute="type")
    verified_at = Moment(allow_none=True)
    expires_at = Moment(allow_none=True)
    created_at = Moment()


class PersonWithPlacesOut(Schema):
    user = fields.Nested(AccountOut)
    ssh_keys = fields.List(fields.Nested(KeyOfPersonOut))
    organizations = fields.List(fields.Nested(PlaceOfPersonOut))


class DeletePersonIn(Schema):
    confirm = Flag(load_default=False)


class DeletedPersonOut(Schema):
    deleted_user_id = fields.UUID()
    deleted_user_email = fields.String()
    ssh_keys_deleted = fields.Integer()
    certs_revoked = fields.Integer()
