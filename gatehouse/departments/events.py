"""What can happen to a department and the members in it."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import MemberEvent, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class DepartmentCreated(OrganizationEvent):
    name = "department.created"
    says = "A department was created."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentChanged(OrganizationEvent):
    name = "department.changed"
    says = "A department was changed."
    resource = "department"

    department_id: UUID
    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DepartmentDeleted(OrganizationEvent):
    name = "department.deleted"
    says = "A department was deleted."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentMemberAdded(MemberEvent):
    name = "department.member_added"
    says = "A member was put into a department."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentMemberRemoved(MemberEvent):
    name = "department.member_removed"
    says = "A member was taken out of a department."
    resource = "department"

    department_id: UUID
    title: str
