"""What can happen at the OpenID provider."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import AccountEvent, Event


@dataclass(frozen=True, kw_only=True)
class ClientSignedIn(AccountEvent):
    name = "client.signed_in"
    says = "A person signed in to an application."
    resource = "client_row"

    client_row_id: UUID
    session_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClientEntryRefused(AccountEvent):
    name = "client.entry_refused"
    says = "A person was turned away from an application."
    resource = "client_row"
    is_refusal = True

    client_row_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class CodeReused(Event):
    name = "code.reused"
    says = "A code was shown a second time; what it had given is void."
    resource = "client_row"
    is_refusal = True

    client_row_id: UUID
    reason: str = "reuse"


@dataclass(frozen=True, kw_only=True)
class LogoutDue(AccountEvent):
    """For the worker alone. ``sid`` is the client's name for the session that ended, ``sub`` that
    for the person; both hold when the account is gone.
    """

    name = "logout.due"
    says = "A session ended at an application that wants to know."
    resource = "client_row"

    client_row_id: UUID
    sid: UUID
    sub: str


@dataclass(frozen=True, kw_only=True)
class LogoutDelivered(AccountEvent):
    name = "logout.delivered"
    says = "An application was told that a session ended."
    resource = "client_row"

    client_row_id: UUID
    sid: UUID


@dataclass(frozen=True, kw_only=True)
class LogoutFailed(AccountEvent):
    """At the first try that failed, and when the application refused for good (``is_final``)."""

    name = "logout.failed"
    says = "An application could not be told that a session ended."
    resource = "client_row"
    is_refusal = True

    client_row_id: UUID
    sid: UUID
    reason: str
    is_final: bool


@dataclass(frozen=True, kw_only=True)
class AccessAsked(AccountEvent):
    """By its back channel, about a person who is to answer on a page of ours."""

    name = "access.asked"
    says = "An application asked to act for a person."
    resource = "client_row"

    client_row_id: UUID
    request_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DeviceApproved(AccountEvent):
    """``ip`` is the address that the device asked from."""

    name = "device.approved"
    says = "A person let a device in."
    resource = "client_row"

    client_row_id: UUID
    session_id: UUID
    scopes: tuple[str, ...]
    ip: str | None


@dataclass(frozen=True, kw_only=True)
class DeviceDenied(AccountEvent):
    name = "device.denied"
    says = "A person kept a device out."
    resource = "client_row"

    client_row_id: UUID


@dataclass(frozen=True, kw_only=True)
class DeviceCodeRefused(AccountEvent):
    name = "device.code_refused"
    says = "A person typed the code of a device, and no device waited with it."
    is_refusal = True

    reason: str


@dataclass(frozen=True, kw_only=True)
class TokenExchanged(AccountEvent):
    """``subject_client_row_id`` is the client that the person had signed in to."""

    name = "token.exchanged"
    says = "An application exchanged a person's token for a narrower one, to act for them."
    resource = "client_row"

    client_row_id: UUID
    subject_client_row_id: UUID
    scopes: tuple[str, ...]
