"""What departments ask of the domains above them."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class PrincipalCounts(Protocol):
    """How many principals each of these departments opens; those with none may be missing.

    Provided by ``principals``.
    """

    def __call__(
        self, ctx: Context, org_id: UUID, department_ids: Collection[UUID]
    ) -> Mapping[UUID, int]: ...
