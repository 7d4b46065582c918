"""What can happen to grants."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import AccountEvent, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(AccountEvent):
    name = "consent.given"
    says = "A person let an application act for them."
    resource = "grant"

    grant_id: UUID
    client_row_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConsentRevoked(AccountEvent):
    name = "consent.revoked"
    says = "A person took back what they had let an application do."
    resource = "grant"

    grant_id: UUID
    client_row_id: UUID


@dataclass(frozen=True, kw_only=True)
class ClientTokensEnded(OrganizationEvent):
    """Of one client, or of all of the organization; ``people`` is of how many persons."""

    name = "client.tokens_ended"
    says = "All tokens of an organization's applications were ended."
    resource = "client_row"

    client_row_id: UUID | None
    people: int


@dataclass(frozen=True, kw_only=True)
class RefreshReuseDetected(AccountEvent):
    """A refresh token was shown that had been replaced: the whole family is revoked."""

    name = "refresh.reuse_detected"
    says = "A refresh token that had been replaced was shown again; all of its family are void."
    resource = "family"
    is_refusal = True

    family_id: UUID
    client_row_id: UUID
    reason: str = "reuse"
