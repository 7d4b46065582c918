"""What can happen to an organization and its members."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import MemberEvent, OrganizationEvent
from gatehouse.core.roles import Role


@dataclass(frozen=True, kw_only=True)
class OrganizationCreated(OrganizationEvent):
    name = "organization.created"
    says = "The organization was created."
    resource = "org"

    slug: str


@dataclass(frozen=True, kw_only=True)
class OrganizationChanged(OrganizationEvent):
    name = "organization.changed"
    says = "The organization was changed."
    resource = "org"

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OrganizationDeleted(OrganizationEvent):
    name = "organization.deleted"
    says = "The organization was deleted."
    resource = "org"


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(MemberEvent):
    name = "organization.ownership_transferred"
    says = "The ownership was handed over."
    resource = "org"

    previous_owner_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberAdded(MemberEvent):
    name = "member.added"
    says = "A member was added."
    resource = "member"

    member_id: UUID
    role: Role


@dataclass(frozen=True, kw_only=True)
class MemberRoleChanged(MemberEvent):
    name = "member.role_changed"
    says = "A member's role was changed."
    resource = "member"

    member_id: UUID
    old_role: Role
    new_role: Role


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(MemberEvent):
    name = "member.removed"
    says = "A member was removed."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberLeft(MemberEvent):
    name = "member.left"
    says = "A member left."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberSuspended(MemberEvent):
    name = "member.suspended"
    says = "A membership was suspended."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class MemberUnsuspended(MemberEvent):
    name = "member.unsuspended"
    says = "A membership was given back."
    resource = "member"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteCreated(OrganizationEvent):
    name = "invite.created"
    says = "Somebody was invited."
    resource = "invite"

    invite_id: UUID
    role: Role


@dataclass(frozen=True, kw_only=True)
class InviteResent(OrganizationEvent):
    name = "invite.resent"
    says = "An invitation was sent again; older links are void."
    resource = "invite"

    invite_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteRevoked(OrganizationEvent):
    name = "invite.revoked"
    says = "An invitation was taken back."
    resource = "invite"

    invite_id: UUID


@dataclass(frozen=True, kw_only=True)
class InviteAccepted(MemberEvent):
    name = "invite.accepted"
    says = "An invitation was accepted."
    resource = "member"

    invite_id: UUID
    member_id: UUID
    role: Role
