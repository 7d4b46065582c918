"""What factors ask of higher domains."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from gatehouse.core.context import Context


class FactorDemands(Protocol):
    """The names of the organizations that would miss a factor of somebody if no more were left, and
    miss none now. ``models`` are as in ``queries.Held``. Provided by ``policies``.
    """

    def __call__(
        self, ctx: Context, user_id: UUID, *, totp: bool, passkeys: int, models: Collection[UUID]
    ) -> Sequence[str]: ...


class ListedModels(Protocol):
    """The models of passkeys (AAGUIDs) that organizations of somebody list: of these each has to be
    vouched for. Provided by ``policies``.
    """

    def __call__(self, ctx: Context, user_id: UUID) -> Collection[UUID]: ...
