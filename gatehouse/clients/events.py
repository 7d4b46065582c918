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
