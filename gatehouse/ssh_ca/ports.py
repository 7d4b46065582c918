"""What certificate authorities need of others."""

from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class LivingCertificates(Protocol):
    """Whether something that an authority has signed is valid and not revoked. Provided by
    ``ssh_certificates``.
    """

    def __call__(self, ctx: Context, authority_id: UUID) -> bool: ...
