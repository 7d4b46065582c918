"""What can happen to hosts."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import Event, OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class HostEvent(OrganizationEvent):
    resource: ClassVar[str] = "ssh_host"

    ssh_host_id: UUID


@dataclass(frozen=True, kw_only=True)
class HostCreated(HostEvent):
    name = "ssh_host.created"
    says = "A host was added to the organization."

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostChanged(HostEvent):
    name = "ssh_host.changed"
    says = "A host was changed. Certificates with names that it has no more were revoked."

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostDeleted(HostEvent):
    name = "ssh_host.deleted"
    says = "A host was deleted, and its certificates were revoked."

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostTokenMade(HostEvent):
    name = "ssh_host.token_made"
    says = "A token was made with which a host can enrol itself once."

    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class HostEnrolled(HostEvent):
    name = "ssh_host.enrolled"
    says = "A host proved its keys and got certificates."

    fingerprints: tuple[str, ...]
    certificates: tuple[UUID, ...]
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class HostRenewed(HostEvent):
    name = "ssh_host.renewed"
    says = "A host got new certificates by a signature of its own key."

    fingerprint: str
    certificates: tuple[UUID, ...]
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class HostRevoked(HostEvent):
    name = "ssh_host.revoked"
    says = "A host was revoked: its certificates count no more, and its keys get no others."

    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class HostTurnedAway(Event):
    name = "ssh_host.refused"
    says = "Somebody who said to be a host got no certificate."
    is_refusal = True
    resource = "ssh_host"

    reason: str
    ssh_host_id: UUID | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class HostCertificateDue(HostEvent):
    name = "ssh_host.certificate_due"
    says = "Less than a third of the life of a host's certificates is left: it did not renew them."

    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class HostCertificateExpired(HostEvent):
    name = "ssh_host.certificate_expired"
    says = "The certificates of a host have expired: people are asked whether they know its key."

    expires_at: datetime
