"""What certificate authorities need of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


@dataclass(frozen=True, slots=True)
class Reach:
    """How many hosts an organization has that are enrolled, and how many of them believe exactly
    the keys that they should.
    """

    hosts: int
    up_to_date: int

    @property
    def is_everywhere(self) -> bool:
        return self.hosts == self.up_to_date


class ReachOfKeys(Protocol):
    """How far the present keys have come. Provided by ``ssh_hosts``."""

    def __call__(self, ctx: Context, org_id: UUID) -> Reach: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """How many certificates of an authority are valid now, and how many were revoked."""

    active: int = 0
    revoked: int = 0


class CertificateTotals(Protocol):
    """Those of an organization's authorities, by their ids. Who has signed nothing may be missing.
    Provided by ``ssh_certificates``.
    """

    def __call__(self, ctx: Context, org_id: UUID) -> Mapping[UUID, Totals]: ...


class LivingCertificates(Protocol):
    """Whether something that an authority has signed is valid and not revoked. Provided by
    ``ssh_certificates``.
    """

    def __call__(self, ctx: Context, authority_id: UUID) -> bool: ...


class RevocationsHeld(Protocol):
    """Let nobody else sign or revoke anything of an organization until this act is over. Whoever
    signs takes this first and the key's row second: so must whoever ends a key. Provided by
    ``ssh_certificates``.
    """

    def __call__(self, ctx: Context, org_id: UUID) -> object: ...
