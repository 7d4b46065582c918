"""What can happen to policies, and to those who do not meet them."""

from dataclasses import dataclass

from gatehouse.core.events import MemberEvent, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class PolicyChanged(OrganizationEvent):
    """``old`` and ``new`` are the values of ``fields``, in the same order."""

    name = "policy.changed"
    says = "What the organization demands of its members' sign-ins was changed."
    resource = "org"

    version: int
    fields: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OverrideChanged(MemberEvent):
    """``old`` and ``new`` are the values of ``fields``, in the same order."""

    name = "policy.override_changed"
    says = "What is demanded of one member's sign-ins was changed."
    resource = "user"

    fields: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReminderSent(MemberEvent):
    name = "policy.reminder_sent"
    says = "Somebody reminded a member of a second factor that is demanded."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class MemberReminded(MemberEvent):
    name = "policy.member_reminded"
    says = "A member was reminded of a second factor that is demanded soon."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class MemberSuspendedByPolicy(MemberEvent):
    name = "policy.member_suspended"
    says = "A member was shut out: a second factor was not set up in time."
    resource = "user"
