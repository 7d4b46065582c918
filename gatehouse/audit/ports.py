"""What the record asks of the domains above it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class ReadableRecords(Protocol):
    """The organizations whose record a person may read. Provided by ``organizations``."""

    def __call__(self, ctx: Context, user_id: UUID) -> Sequence[UUID]: ...
