"""What can happen to a department and the members in it."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class DepartmentCreated(Event):
    name = "department.created"
    says = "A department was created."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentChanged(Event):
    name = "department.changed"
    says = "A department was changed."
    resource = "department"

    department_id: UUID
    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DepartmentDeleted(Event):
    name = "department.deleted"
    says = "A department was deleted."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentMemberAdded(Event):
    name = "department.member_added"
    says = "A member was put into a department."
    resource = "department"

    department_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class DepartmentMemberRemoved(Event):
    name = "department.member_removed"
    says = "A member was taken out of a department."
    resource = "department"

    department_id: UUID
    title: str
