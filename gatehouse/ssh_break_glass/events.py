"""What can happen to the certificate for emergencies."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from gatehouse.core.events import OrganizationEvent


@dataclass(frozen=True, kw_only=True)
class BreakGlassEvent(OrganizationEvent):
    """``authority_key`` is the fingerprint of what signed it, ``fingerprint`` of what is in it."""

    resource: ClassVar[str] = "ssh_certificate"

    ssh_certificate_id: UUID
    authority_key: str
    fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class BreakGlassSealed(BreakGlassEvent):
    """``replaced``: whether there was one, which was revoked."""

    name = "ssh_break_glass.sealed"
    says = "An SSH certificate for emergencies was made, and given to an owner."

    key_id: str
    principals: tuple[str, ...]
    replaced: bool
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class BreakGlassRevoked(BreakGlassEvent):
    name = "ssh_break_glass.revoked"
    says = "The SSH certificate for emergencies was revoked."

    reason: str
    krl_version: int


@dataclass(frozen=True, kw_only=True)
class BreakGlassExpiring(BreakGlassEvent):
    name = "ssh_break_glass.expiring"
    says = "The SSH certificate for emergencies ends soon."

    days_left: int


@dataclass(frozen=True, kw_only=True)
class BreakGlassExpired(BreakGlassEvent):
    name = "ssh_break_glass.expired"
    says = "The SSH certificate for emergencies has ended: there is none."

    krl_version: int
