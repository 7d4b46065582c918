"""What can happen to a session."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import AccountEvent


@dataclass(frozen=True, kw_only=True)
class SessionRevoked(AccountEvent):
    name = "session.revoked"
    says = "A session was ended."
    resource = "session"

    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class OtherSessionsRevoked(AccountEvent):
    """``session_id`` is the one that was kept, if one was."""

    name = "session.others_revoked"
    says = "All other sessions were ended."
    resource = "session"

    session_id: UUID | None
    ended: int
