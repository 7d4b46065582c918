"""How often clients may call, how often they may fail, and from where they call."""

import logging
import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from gatehouse.clients.errors import InvalidClient
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.errors import TooManyRequests
from gatehouse.core.headers import network_of
from gatehouse.core.rate_limit import ProcessCounter, count, parse

LOGGER = logging.getLogger("gatehouse")
NAME = re.compile(r"[A-Za-z0-9._~:/-]{1,100}")
OURS = re.compile(r"g[a-z]{2}_")  # how our secrets and tokens begin
FAILURES = "client"


def refuse_too_many(ctx: Context, client: KnownClient) -> None:
    """Count a call of this client: in Redis, without it in this process. Raises TooManyRequests
    past its ``rate_limit``. Whoever calls in the name of a public client has proven nothing: they
    are counted by their address, so that no stranger spends what others may.
    """
    rules = client.options.rate_limit
    if not ctx.settings.ratelimit_enabled or not rules:
        return
    now, name, parsed = ctx.now.timestamp(), f"calls:{client.client_id}", parse(rules)
    if client.options.is_public:
        name += f":{network_of(ctx.origin.ip)}"
    if ctx.runtime.link is None:
        # A row that is written for each token would cost more than the token.
        _counter_of(rules).count(name, parsed, now).refuse_if_over()
        return
    ctx.stay_out_of_the_transaction()
    ctx.runtime.shared.count(name, parsed, now).refuse_if_over()


@lru_cache(maxsize=64)
def _counter_of(rules: str) -> ProcessCounter:
    """One for each set of windows: it forgets what is in none of its own."""
    del rules
    return ProcessCounter()


def refuse_address(ctx: Context, client: KnownClient) -> None:
    """Raise InvalidClient if the client is to call from certain networks, and this is none."""
    allowed = client.options.ip_allowlist
    if allowed and not _is_in(ctx.origin.ip, allowed):
        raise InvalidClient("wrong_address", client.client_id)


def _is_in(address: str | None, networks: tuple[str, ...]) -> bool:
    try:
        here = ip_address(address or "")
        return any(here in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def log_refused(ctx: Context, client_id: str, why: str) -> None:
    """A line for whoever looks after a client that has not proven who it is."""
    said, extra = loggable(client_id), {"request_id": ctx.origin.request_id}
    LOGGER.warning("A client was refused: %s, %s", said, why, extra=extra)


def note_failure(ctx: Context, refused: InvalidClient) -> None:
    """Count a failed proof by its address, and write a line. Raises TooManyRequests."""
    log_refused(ctx, refused.client_id, f"{refused.reason}.")
    if ctx.settings.ratelimit_enabled:
        limit = parse(ctx.settings.ratelimits[FAILURES])
        now, name = ctx.now.timestamp(), _counter(ctx)
        tally = count(ctx.runtime.store, name, limit, now)
        if tally.remaining == 0:
            ctx.runtime.store.put(f"out:{name}", b"", tally.reset)
        tally.refuse_if_over()


def refuse_whoever_failed_often(ctx: Context) -> None:
    """Before a secret is tried that a person chose, and that somebody may therefore guess.

    Raises TooManyRequests, for the right one as well, so that guessing ends with the count.
    """
    if not ctx.settings.ratelimit_enabled:
        return
    if ctx.runtime.store.get(f"out:{_counter(ctx)}") is not None:
        raise TooManyRequests(retry_after=60)


def _counter(ctx: Context) -> str:
    return f"{FAILURES}:{network_of(ctx.origin.ip)}"


def loggable(client_id: str) -> str:
    """What may stand in a line: a secret that was sent in the wrong place may not."""
    return client_id if NAME.fullmatch(client_id) and not OURS.match(client_id) else "one unknown"
