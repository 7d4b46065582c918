"""The rules of clients."""

from gatehouse.clients.service.authentication import Proven, authenticate
from gatehouse.clients.service.certificates import certificate_of
from gatehouse.clients.service.keys import keys_of
from gatehouse.clients.service.limits import refuse_too_many
from gatehouse.clients.service.managing import (
    change_client,
    create_client,
    delete_client,
    end_tokens,
    rotate_secret,
)
from gatehouse.clients.service.registering import (
    create_registration_token,
    revoke_registration_token,
)
from gatehouse.clients.service.uses import Uses, note_use, write_uses

__all__ = [
    "Proven",
    "Uses",
    "authenticate",
    "certificate_of",
    "change_client",
    "create_client",
    "create_registration_token",
    "delete_client",
    "end_tokens",
    "keys_of",
    "note_use",
    "refuse_too_many",
    "revoke_registration_token",
    "rotate_secret",
    "write_uses",
]
