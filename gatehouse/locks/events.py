"""What can happen to locks."""

from dataclasses import dataclass

from gatehouse.core.events import MemberEvent


@dataclass(frozen=True, kw_only=True)
class MemberLocked(MemberEvent):
    name = "member.locked"
    says = "A member was locked out of machines and networks, and signed out everywhere."
    resource = "user"

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class MemberUnlocked(MemberEvent):
    name = "member.unlocked"
    says = "A member may ask for certificates and networks again."
    resource = "user"
