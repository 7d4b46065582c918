"""Departments as they travel over HTTP."""

from marshmallow import Schema, fields

from gatehouse.core.fields import Moment, Paragraphs, Text
from gatehouse.organizations.schemas import ROLES, MemberChoice, PersonOut


class DepartmentIn(Schema):
    name = Text(1, 255, required=True)
    description = Paragraphs(2000, load_default=None, allow_none=True)


class DepartmentChanges(Schema):
    name = Text(1, 255)
    description = Paragraphs(2000, allow_none=True)


class DepartmentOut(Schema):
    id = fields.UUID(attribute="department.id")
    organization_id = fields.UUID(attribute="department.org_id")
    name = fields.String(attribute="department.name")
    description = fields.String(attribute="department.description", allow_none=True)
    member_count = fields.Integer()
    principal_count = fields.Integer()
    created_at = Moment(attribute="department.created_at")
    updated_at = Moment(attribute="department.updated_at")


class DepartmentMemberIn(MemberChoice):
    """Whom to put into a department."""


class DepartmentMemberOut(Schema):
    id = fields.UUID()
    user_id = fields.UUID()
    department_id = fields.UUID()
    role = fields.String(validate=ROLES)
    is_suspended = fields.Boolean()
    created_at = Moment()
    user = fields.Nested(PersonOut)
