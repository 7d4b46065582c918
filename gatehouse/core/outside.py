"""The outside world, as the domains ask for it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from gatehouse.core.domain import Domain
from gatehouse.core.settings import Settings

T = TypeVar("T")


class Ports:
    """The outside world, by protocol. Chosen once, when the app is built."""

    def __init__(self, chosen: Mapping[type[Any], Any]) -> None:
        self._chosen = dict(chosen)

    @classmethod
    def build(
        cls, settings: Settings, domains: tuple[Domain, ...], replaced: Mapping[str, object]
    ) -> "Ports":
        chosen = {
            port: replaced.get(port.__name__) or build(settings)
            for domain in domains
            for port, build in domain.ports.items()
        }
        return cls(chosen)

    def __getitem__(self, port: type[T]) -> T:
        return self._chosen[port]  # type: ignore[no-any-return]
