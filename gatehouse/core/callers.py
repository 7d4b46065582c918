"""Who calls, and how often they may. Plain functions over a request: they need no Flask."""

from datetime import UTC, datetime
from typing import Any

from gatehouse.core import access, rate_limit
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.errors import AuthRequired, InvalidAuthFormat, InvalidToken
from gatehouse.core.headers import network_of
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import SESSION

BEARER = "bearer"
SCHEMES = (BEARER, "dpop")  # small: a scheme may be written in either case (RFC 9110 11.1)


def limit_the_address(
    limit: tuple[str, str] | None, runtime: Runtime, environ: dict[str, Any]
) -> None:
    """Count the caller's address, before anything else is done. Raises TooManyRequests."""
    if limit and limit[1] == "address":
        count_call(runtime, environ, limit[0], network_of(environ["gatehouse.client"]))


def count_call(runtime: Runtime, environ: dict[str, Any], rules: str, who: str) -> None:
    """Count a call against a limit that holds over all workers, and refuse past it."""
    limit = limit_of(runtime, environ, rules)
    if limit is None:
        return
    name, now = f"{limit[0]}:{who}"[:150], clock().timestamp()
    if rate_limit.is_wide(limit[1]):
        tell(environ, runtime.shared.count(name, limit[1], now))
    else:
        tell(environ, rate_limit.count(runtime.store, name, limit[1], now))


def limit_of(runtime: Runtime, environ: dict[str, Any], rules: str) -> rate_limit.Limit | None:
    """What is counted. A named limit is one count, whichever of its doors is used: the page or the
    route.
    """
    if not runtime.settings.ratelimit_enabled:
        return None
    named = runtime.settings.ratelimits.get(rules)
    door = "" if named else environ["gatehouse.route"]
    return f"{rules}:{door}", rate_limit.parse(named or rules)


def recognise(
    runtime: Runtime, environ: dict[str, Any], *, answer: str = "", rules: str = ""
) -> access.Recognised:
    """Who calls, by the token of a session or by an access token for the API. Raises AuthRequired,
    InvalidAuthFormat, InvalidToken or TooManyRequests.

    ``rules`` are a limit that is counted for whoever it is, beside the general one.
    """
    header = environ.get("HTTP_AUTHORIZATION")
    if not header:
        raise AuthRequired
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in SCHEMES or not token or not token.isascii() or " " in token:
        raise InvalidAuthFormat
    known: access.Recognised | None = None
    if not token.startswith(SESSION):
        known = _by_access_token(runtime, environ, scheme, token)
    elif scheme.lower() == BEARER:
        limit = limit_of(runtime, environ, rules) if rules else None
        authenticate = runtime.ports[access.Authenticator]
        known = authenticate(runtime, token, clock(), answer=answer, limit=limit)
    if known is None:
        raise InvalidToken
    environ["gatehouse.user"] = str(known.actor.user_id)
    if known.tally:
        tell(environ, known.tally)
    if known.limited:
        tell(environ, known.limited)
    elif rules:
        count_call(runtime, environ, rules, str(known.actor.user_id))
    return known


def _by_access_token(
    runtime: Runtime, environ: dict[str, Any], scheme: str, token: str
) -> access.Recognised:
    """Whoever an application calls for, counted as the person that they are."""
    with unit_of_work(runtime, origin_of(environ), reads_only=True) as ctx:
        actor = runtime.ports[access.TokenAuthenticator](ctx, environ, scheme, token)
    now = ctx.now
    if not runtime.settings.ratelimit_enabled:
        return access.Recognised(actor)
    rules, who = rate_limit.parse(runtime.settings.ratelimits["api"]), str(actor.user_id)
    if runtime.link is None:
        counted = runtime.counter.count(who, rules, now.timestamp())
    else:
        counted = rate_limit.count(runtime.store, f"api:{who}", rules, now.timestamp())
    return access.Recognised(actor, counted)


def tell(environ: dict[str, Any], tally: rate_limit.Tally) -> None:
    """Let the caller know where they stand. Raises TooManyRequests if that is past the limit."""
    said = tally.headers()
    names = {name for name, _ in said}
    headers = environ["gatehouse.headers"]
    headers[:] = [each for each in headers if each[0] not in names] + said
    tally.refuse_if_over()


def clock() -> datetime:
    return datetime.now(UTC)


def origin_of(environ: dict[str, Any]) -> Origin:
    agent = environ.get("HTTP_USER_AGENT")
    if agent and not agent.isprintable():
        agent = "".join(c for c in agent if c.isprintable())
    client = environ["gatehouse.client"]
    return Origin(environ["gatehouse.request_id"], client, agent[:255] if agent else None)
