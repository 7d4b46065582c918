"""What can happen to an organization and its members."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event
from gatehouse.core.roles import Role


@dataclass(frozen=True, kw_only=True)
class OrganizationCreated(Event):
    name = "organization.created"
    says = "The organization was created."
    resource = "org"

    slug: str


@dataclass(frozen=True, kw_only=True)
class OrganizationChanged(Event):
    name = "organization.changed"
    says = "The organization was changed."
    resource = "org"

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrganizationDeleted(Event):
    name = "organization.deleted"
    says = "The organization was deleted."
    resource = "org"


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(Event):
    name = "organization.ownership_transferred"
    says = "The ownership was handed over."
    resource = "org"

    previous_owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    name = "member.added"
    says = "A member was added."
    resource = "member"

    member_id: UUID
    role: Role


@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(Event):
    name = "member.role_changed"
    says = "A member's role was changed."
    resource = "member"

    member_id: UUID
    old_role: Role
    new_role: Role


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    name = "member.removed"
    says = "A member was removed."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Event):
    name = "member.left"
    says = "A member left."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberSuspended(Event):
    name = "member.suspended"
    says = "A membership was suspended."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberUnsuspended(Event):
    name = "member.unsuspended"
    says = "A membership was given back."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteCreated(Event):
    name = "invite.created"
    says = "Somebody was invited."
    resource = "invite"

    invite_id: UUID
    role: Role


@dataclass(frozen=True, kw_only=True)
class InviteResent(Event):
    name = "invite.resent"
    says = "An invitation was sent again; older links are void."
    resource = "invite"

    invite_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteRevoked(Event):
    name = "invite.revoked"
    says = "An invitation was taken back."
    resource = "invite"

    invite_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteAccepted(Event):
    name = "invite.accepted"
    says = "An invitation was accepted."
    resource = "member"

    invite_id: UUID
    member_id: UUID
    role: Role
