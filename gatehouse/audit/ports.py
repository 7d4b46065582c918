"""What the record asks of the domains above it."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class PresentMembers(Protocol):
    """Which of these people are members of which of these organizations today.

    Pairs of organization and person. Provided by ``organizations``.
    """

    def __call__(
        self, ctx: Context, org_ids: Collection[UUID], user_ids: Collection[UUID]
    ) -> set[tuple[UUID, UUID]]: ...


class ReadableRecords(Protocol):
    """The organizations whose record a person may read. Provided by ``organizations``."""

    def __call__(self, ctx: Context, user_id: UUID) -> Sequence[UUID]: ...
