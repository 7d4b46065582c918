"""What sessions ask of higher domains."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class EndedSessions(Protocol):
    """What else ends with sessions that somebody ended: called in the transaction that ends them,
    once for all of them. Rows only, and no record of its own. Provided by ``oidc_provider``.
    """

    def __call__(self, ctx: Context, session_ids: Sequence[UUID], *, reason: str) -> None: ...
