"""What can happen to a domain of an organization."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class DomainClaimed(OrganizationEvent):
    name = "domain.claimed"
    says = "A domain was claimed, and is not yet proven."
    resource = "domain"

    domain_id: UUID
    domain: str


@dataclass(frozen=True, kw_only=True)
class DomainProven(OrganizationEvent):
    name = "domain.proven"
    says = "A domain was proven to be the organization's."
    resource = "domain"

    domain_id: UUID
    domain: str


@dataclass(frozen=True, kw_only=True)
class DomainRemoved(OrganizationEvent):
    name = "domain.removed"
    says = "A domain was removed."
    resource = "domain"

    domain_id: UUID
    domain: str


@dataclass(frozen=True, kw_only=True)
class DomainLost(OrganizationEvent):
    name = "domain.lost"
    says = "The proof of a domain was not seen for days, so it no longer counts."
    resource = "domain"

    domain_id: UUID
    domain: str
