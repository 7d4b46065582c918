"""Principals as they travel over HTTP."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields

from gatehouse.core.fields import Moment, Paragraphs
from gatehouse.departments.schemas import DepartmentOut
from gatehouse.organizations.schemas import ROLES, MemberChoice, PersonOut
from gatehouse.principals.rules import NAME


class PrincipalName(fields.String):
    """A Unix login."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=is_principal, metadata={"pattern": f"^{NAME}$"}, **kwargs)


def is_principal(text: str) -> None:
    if not re.fullmatch(NAME, text):
        raise ValidationError(
            "Up to 64 of a-z, 0-9 and . _ : @ -, the first one a letter, a digit or _."
        )


class PrincipalIn(Schema):
    name = PrincipalName(required=True)
    description = Paragraphs(2000, load_default=None, allow_none=True)


class PrincipalChanges(Schema):
    name = PrincipalName()
    description = Paragraphs(2000, allow_none=True)


class PrincipalOut(Schema):
    id = fields.UUID(attribute="principal.id")
    organization_id = fields.UUID(attribute="principal.org_id")
    name = fields.String(attribute="principal.name")
    description = fields.String(attribute="principal.description", allow_none=True)
    direct_member_count = fields.Integer()
    department_count = fields.Integer()
    created_at = Moment(attribute="principal.created_at")
    updated_at = Moment(attribute="principal.updated_at")


class DepartmentOfPrincipalOut(DepartmentOut):
    """A department that a principal is open to."""


class OpenedOut(Schema):
    principal = fields.Nested(PrincipalOut)
    department = fields.Nested(DepartmentOut)


class PrincipalMemberIn(MemberChoice):
    """Whom to give a principal to."""


class PrincipalMemberOut(Schema):
    """``id`` is null for whoever holds it through a department only."""

    id = fields.UUID(allow_none=True)
    user_id = fields.UUID()
    principal_id = fields.UUID()
    direct = fields.Boolean()
    role = fields.String(validate=ROLES)
    is_suspended = fields.Boolean()
    user = fields.Nested(PersonOut)


class NamedPrincipalOut(Schema):
    id = fields.UUID()
    name = fields.String()
    description = fields.String(allow_none=True)


class NamedDepartmentOut(Schema):
    id = fields.UUID()
    name = fields.String()


class UsableOut(Schema):
    id = fields.UUID(attribute="principal.id")
    name = fields.String(attribute="principal.name")
    description = fields.String(attribute="principal.description", allow_none=True)
    direct = fields.Boolean()
    via_department = fields.String(allow_none=True)
    via_departments = fields.List(fields.Nested(NamedDepartmentOut))


class InOrganizationOut(Schema):
    org_id = fields.UUID()
    org_name = fields.String()
    role = fields.String(validate=ROLES)


class OwnPrincipalsOut(InOrganizationOut):
    is_admin = fields.Boolean()
    my_principals = fields.List(fields.Nested(UsableOut))
    all_principals = fields.List(fields.Nested(NamedPrincipalOut))


class OwnMembershipOut(InOrganizationOut):
    departments = fields.List(fields.Nested(NamedDepartmentOut))
    principals = fields.List(fields.Nested(UsableOut))
