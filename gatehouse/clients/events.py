"""What can happen to clients."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ClientCreated(Event):
    name = "client.created"
    says = "A client was created."
    resource = "client_row"

    client_row_id: UUID
    known_as: str
    came_by: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientChanged(Event):
    """``fields`` are those that were changed; values are not kept."""

    name = "client.changed"
    says = "Settings of a client were changed."
    resource = "client_row"

    client_row_id: UUID
    known_as: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClientDeactivated(Event):
    name = "client.deactivated"
    says = "A client was switched off; what it had been given is void."
    resource = "client_row"

    client_row_id: UUID
    known_as: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClientActivated(Event):
    name = "client.activated"
    says = "A client was switched on again."
    resource = "client_row"

    client_row_id: UUID
    known_as: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClientDeleted(Event):
    """Recorded before its rows go."""

    name = "client.deleted"
    says = "A client was deleted, with all that it had been given."
    resource = "client_row"

    client_row_id: UUID
    known_as: str


@dataclass(frozen=True, kw_only=True)
class ClientSecretRotated(Event):
    name = "client.secret_rotated"
    says = "A client got a new secret."
    resource = "client_row"

    client_row_id: UUID
    known_as: str
    overlap_seconds: int


@dataclass(frozen=True, kw_only=True)
class RegistrationTokenCreated(Event):
    name = "registration_token.created"
    says = "A token was made that lets programs register clients."
    resource = "registration_token"

    registration_token_id: UUID
    uses: int


@dataclass(frozen=True, kw_only=True)
class RegistrationTokenRevoked(Event):
    name = "registration_token.revoked"
    says = "A token that lets programs register clients was revoked."
    resource = "registration_token"

    registration_token_id: UUID
