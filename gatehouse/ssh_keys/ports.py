"""What SSH keys need of others."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class CertificateCounts(Protocol):
    """How many certificates somebody's keys are in, by the keys' fingerprints. Provided by
    ``ssh_certificates``.
    """

    def __call__(self, ctx: Context, user_id: UUID) -> Mapping[str, int]: ...
