"""What can happen to a principal, and to those who may use it. ``title`` is the login's name."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PrincipalCreated(Event):
    name = "principal.created"
    says = "A principal was created."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalChanged(Event):
    name = "principal.changed"
    says = "A principal was changed."
    resource = "principal"

    principal_id: UUID
    title: str
    old_title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PrincipalDeleted(Event):
    name = "principal.deleted"
    says = "A principal was deleted."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalMemberAdded(Event):
    name = "principal.member_added"
    says = "A member was given a principal."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalMemberRemoved(Event):
    name = "principal.member_removed"
    says = "A principal was taken from a member."
    resource = "principal"

    principal_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class PrincipalDepartmentAdded(Event):
    name = "principal.department_added"
    says = "A principal was opened to a department."
    resource = "principal"

    principal_id: UUID
    title: str
    department_id: UUID


@dataclass(frozen=True, kw_only=True)
class PrincipalDepartmentRemoved(Event):
    name = "principal.department_removed"
    says = "A principal was closed to a department."
    resource = "principal"

    principal_id: UUID
    title: str
    department_id: UUID
