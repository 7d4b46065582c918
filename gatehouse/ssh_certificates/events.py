"""What can happen to SSH certificates."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class CertificateIssued(OrganizationEvent):
    """``authority_key`` and ``fingerprint`` are fingerprints: of what signed, and of what was."""

    name = "ssh_certificate.issued"
    says = "An SSH certificate was signed."
    resource: ClassVar[str] = "ssh_certificate"

    ssh_certificate_id: UUID
    kind: str
    holder: str
    holder_id: UUID
    serial: int
    authority_key: str
    fingerprint: str
    principals: tuple[str, ...]
    valid_after: datetime
    valid_before: datetime
    options: tuple[str, ...]
    extensions: tuple[str, ...]
    departments: tuple[str, ...]
    mfa_time: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class CertificateRefused(OrganizationEvent):
    """``reason`` is the type of the error that was answered."""

    name = "ssh_certificate.refused"
    says = "Somebody asked for an SSH certificate and got none."
    is_refusal = True

    reason: str
    kind: str = "user"
    principals: tuple[str, ...] = ()
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class CertificatesRevoked(OrganizationEvent):
    """``by`` says what they had in common; ``user_id`` is there if that was their holder."""

    name = "ssh_certificate.revoked"
    says = "SSH certificates were revoked: machines refuse them."
    resource: ClassVar[str] = "ssh_certificate"

    by: str
    count: int
    krl_version: int
    reason: str | None = None
    ssh_certificate_id: UUID | None = None
    principal: str | None = None
    fingerprint: str | None = None
    authority_key_id: UUID | None = None
    issued_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CertificatesExported(OrganizationEvent):
    """``filters`` are the names of what the list was narrowed by."""

    name = "ssh_certificate.exported"
    says = "The list of SSH certificates was taken away."

    format: str
    filters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RevokedSshKeyPardoned(OrganizationEvent):
    name = "ssh_key.pardoned"
    says = "A key that an organization had revoked may be certified again."

    fingerprint: str
