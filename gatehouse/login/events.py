"""What can happen at the door."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import AccountEvent, Event


@dataclass(frozen=True, kw_only=True)
class SignedIn(AccountEvent):
    name = "auth.signed_in"
    says = "A person signed in."
    resource = "session"

    session_id: UUID
    method: str
    is_new_device: bool = False


@dataclass(frozen=True, kw_only=True)
class SignInRefused(Event):
    """``user_id`` is empty when nobody has the address that was given."""

    name = "auth.sign_in_refused"
    says = "A sign-in was refused."
    resource = "user"
    is_refusal = True

    reason: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(AccountEvent):
    name = "auth.signed_out"
    says = "A person signed out."
    resource = "session"

    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class Reauthenticated(AccountEvent):
    name = "auth.reauthenticated"
    says = "A person confirmed who they are."
    resource = "session"

    session_id: UUID
    method: str
