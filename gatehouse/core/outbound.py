"""Calling the world over HTTP for somebody else: never an inner address, never for long.

The only HTTP client of the product. It follows no redirect, knows no proxy and no cookie, and
connects to the very addresses that it has checked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

from gatehouse.core.addresses import Allowed, Limits, Target, schemes_for, target_of
from gatehouse.core.errors import BadGateway, BadRequest
from gatehouse.core.resolving import ask_the_system
from gatehouse.core.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Resolve = Callable[[str, int], Sequence[str]]
MOST_QUESTIONS = 8  # names that are asked for at the same time


class AddressRefused(BadRequest):
    """400: nobody gets us to call such an address."""

    message = "This address cannot be called."


class NotReached(BadGateway):
    """502: it did not answer, or not as it should. Says nothing of what is where inside."""

    message = "The other side did not answer."


class NoPublicAddress(NotReached):
    """The same for names that do not exist: what is inside cannot be asked for."""

    message = "The name does not lead to a public address."


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, read to its end. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


LIMITS = Limits()


class Outbound:
    """``allow`` are hosts and networks that may be called although they are not public."""

    def __init__(self, allow: Sequence[str] = (), *, resolve: Resolve | None = None) -> None:
        self._allowed = Allowed.read(allow)
        self._resolve = resolve or ask_the_system

    @classmethod
    def of(cls, settings: Settings) -> "Outbound":
        return cls(settings.outbound_allow)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        schemes: Sequence[str] = ("https",),
        limits: Limits = LIMITS,
    ) -> Fetched:
        """Send one request and give the answer, a redirect too. Call it outside of transactions.

        Raises AddressRefused before anything is asked, else NotReached.
        """
        from gatehouse.core import wire  # noqa: PLC0415 - not every process calls the world

        deadline = monotonic() + limits.total
        target = self.check(url, schemes)
        addresses = self._addresses_of(target, deadline)
        request = wire.Request(method, target, dict(headers or {}), content)
        try:
            status, names, body = wire.exchange(request, addresses, limits, deadline)
        except wire.FAILURES as error:
            raise NotReached(f"The other side did not answer: {wire.words_for(error)}.") from error
        return Fetched(status, names, body)

    def schemes_for(self, url: str) -> Sequence[str]:
        """Those by which this address may be called, if it is one."""
        return schemes_for(url, self._allowed)

    def check(self, url: str, schemes: Sequence[str] = ("https",)) -> Target:
        """Raise AddressRefused if the URL cannot be one to call, whatever its name stands for."""
        try:
            return target_of(url, schemes)
        except ValueError as error:
            raise AddressRefused(f"This address cannot be called. {error}") from None

    def _addresses_of(self, target: Target, deadline: float) -> list[str]:
        """What the host stands for, asked once. One address that is not public refuses all."""
        asked = _questions().submit(self._resolve, target.host, target.port)
        try:
            found = list(asked.result(max(deadline - monotonic(), 0)))
        except TimeoutError:
            asked.cancel()
            raise NoPublicAddress from None
        except OSError:
            raise NoPublicAddress from None
        if not found or not all(self._allowed.admits(target.host, one) for one in found):
            raise NoPublicAddress
        return found


@cache
def _questions() -> "ThreadPoolExecutor":
    """The system's resolver knows no deadline: it is asked beside us, by a few at a time."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not every process asks

    return ThreadPoolExecutor(MOST_QUESTIONS, "gatehouse-resolver")
