"""What can happen to a principal, and to those who may use it. ``title`` is the login's name."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import MemberEvent, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class PrincipalCreated(OrganizationEvent):
    name = "principal.created"
    says = "A principal was created."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalChanged(OrganizationEvent):
    name = "principal.changed"
    says = "A principal was changed."
    resource = "principal"

    principal_id: UUID
    title: str
    old_title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PrincipalDeleted(OrganizationEvent):
    name = "principal.deleted"
    says = "A principal was deleted."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalMemberAdded(MemberEvent):
    name = "principal.member_added"
    says = "A member was given a principal."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalMemberRemoved(MemberEvent):
    name = "principal.member_removed"
    says = "A principal was taken from a member."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalDepartmentAdded(OrganizationEvent):
    name = "principal.department_added"
    says = "A principal was opened to a department."
    resource = "principal"

    principal_id: UUID
    title: str
    department_id: UUID


@dataclass(frozen=True, kw_only=True)
class PrincipalDepartmentRemoved(OrganizationEvent):
    name = "principal.department_removed"
    says = "A principal was closed to a department."
    resource = "principal"

    principal_id: UUID
    title: str
    department_id: UUID
