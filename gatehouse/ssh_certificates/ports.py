"""What SSH certificates need of others."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class NamesOfHosts(Protocol):
    """Which of these names belong to hosts of an organization, be they enrolled by now or not.
    Provided by ``ssh_hosts``.
    """

    def __call__(self, ctx: Context, org_id: UUID, names: Collection[str]) -> Sequence[str]: ...
