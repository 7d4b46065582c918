"""What can happen to certificate authorities."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import Event, MemberEvent, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class AuthorityEvent(OrganizationEvent):
    resource: ClassVar[str] = "ssh_authority"

    ssh_authority_id: UUID


@dataclass(frozen=True, kw_only=True)
class AuthorityCreated(AuthorityEvent):
    name = "ssh_authority.created"
    says = "A certificate authority was created."

    kind: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class AuthorityChanged(AuthorityEvent):
    name = "ssh_authority.changed"
    says = "A certificate authority was changed."

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuthorityDeleted(AuthorityEvent):
    name = "ssh_authority.deleted"
    says = "A certificate authority was deleted: nothing that it has signed counts any more."

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorityKeyEvent(AuthorityEvent):
    key_id: UUID
    fingerprint: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorityKeyPublished(AuthorityKeyEvent):
    name = "ssh_authority.key_published"
    says = "The next key of a certificate authority was made: trusted, and not signing yet."


@dataclass(frozen=True, kw_only=True)
class AuthorityKeyActivated(AuthorityKeyEvent):
    name = "ssh_authority.key_activated"
    says = "A key of a certificate authority signs from now on."


@dataclass(frozen=True, kw_only=True)
class AuthorityKeyRetired(AuthorityKeyEvent):
    name = "ssh_authority.key_retired"
    says = "A key of a certificate authority is trusted no more. Its private half was deleted."


@dataclass(frozen=True, kw_only=True)
class AuthorityKeyCompromised(AuthorityKeyEvent):
    name = "ssh_authority.key_compromised"
    says = "A key of a certificate authority may be known to others: nothing of it counts."


@dataclass(frozen=True, kw_only=True)
class AuthorityKeysRewrapped(Event):
    name = "ssh_authority.keys_rewrapped"
    says = "The keys of certificate authorities were sealed anew under the current key."

    keys: int


@dataclass(frozen=True, kw_only=True)
class AuthorityPermissionGiven(AuthorityEvent):
    name = "ssh_authority.permission_given"
    says = "Somebody was given a permission on a certificate authority."

    permission: str


@dataclass(frozen=True, kw_only=True)
class AuthorityPermissionTaken(MemberEvent, AuthorityEvent):
    name = "ssh_authority.permission_taken"
    says = "The permissions of somebody on a certificate authority were taken away."


@dataclass(frozen=True, kw_only=True)
class DepartmentCertPolicyChanged(OrganizationEvent):
    name = "ssh_policy.department_changed"
    says = "What a department demands of SSH certificates was changed."
    resource = "department"

    department_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrganizationCertPolicyChanged(OrganizationEvent):
    name = "ssh_policy.organization_changed"
    says = "What an organization demands of all SSH certificates was changed."

    fields: tuple[str, ...]
