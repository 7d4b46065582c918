"""The rules of grants."""

from gatehouse.grants.service.consents import agree, living_grant, revoke_consent, revoke_grants
from gatehouse.grants.service.ending import end_tokens_of_client, end_tokens_of_organization
from gatehouse.grants.service.families import (
    KnownFamily,
    open_family,
    revoke_families,
    revoke_families_for,
    turn,
)
from gatehouse.grants.service.state import (
    Standing,
    revoke_single,
    standing_of,
    void_tokens,
    was_voided,
)

__all__ = [
    "KnownFamily",
    "Standing",
    "agree",
    "end_tokens_of_client",
    "end_tokens_of_organization",
    "living_grant",
    "open_family",
    "revoke_consent",
    "revoke_families",
    "revoke_families_for",
    "revoke_grants",
    "revoke_single",
    "standing_of",
    "turn",
    "void_tokens",
    "was_voided",
]
