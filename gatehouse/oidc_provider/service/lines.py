"""Lines of the log for whoever looks after an application: what was refused to it, and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from gatehouse.clients.queries import KnownClient
from gatehouse.clients.service.limits import loggable
from gatehouse.core.context import Context
from gatehouse.core.logging import LOGGER
from gatehouse.core.protocol import OAuthError
from gatehouse.oidc_provider.errors import AuthorizationPending, NotLedOn, SlowDown

LONGEST_URI = 200


def log_dead_end(ctx: Context, error: NotLedOn) -> None:
    """A request that leads nowhere: only the person and the log learn of it."""
    said = [loggable(error.client_id) if error.client_id else "", error.reason]
    said += [shown(error.uri)] if error.uri is not None else []
    form = "Nobody is led on: client_id=%s reason=%s" + " refused=%s" * (len(said) - 2)
    LOGGER.warning(form, *said, extra={"request_id": ctx.origin.request_id})


def log_refusal(ctx: Context, client: KnownClient, error: OAuthError) -> None:
    """What a client is told, with the reason that it is not told: the developer of an application
    looks here.
    """
    reason = getattr(error, "reason", "")
    said = f"{error.error} ({reason})" if reason else error.error
    told, extra = (client.client_id, said, error.description), {"request_id": ctx.origin.request_id}
    LOGGER.info("An application is refused: client_id=%s %s: %s", *told, extra=extra)


def log_unread(ctx: Context, client: KnownClient, origin: str) -> None:
    """A page called from an origin that is not the client's, and its browser keeps the answer."""
    told, extra = (client.client_id, shown(origin)), {"request_id": ctx.origin.request_id}
    LOGGER.info("A page may not read the answer: client_id=%s origin=%s", *told, extra=extra)


@contextmanager
def logged_refusals(ctx: Context, client: KnownClient) -> Iterator[None]:
    """Whatever is refused in here leaves a line; a poll that comes too early is no refusal."""
    try:
        yield
    except OAuthError as error:
        if not isinstance(error, AuthorizationPending | SlowDown):
            log_refusal(ctx, client, error)
        raise


@contextmanager
def logged_dead_ends(ctx: Context) -> Iterator[None]:
    try:
        yield
    except NotLedOn as error:
        log_dead_end(ctx, error)
        raise


def shown(uri: str) -> str:
    """An address that a client sent, without what may be a secret in it: who is named before the
    host, and all that follows the path.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "unreadable"
    place = f"//{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    text = f"{parts.scheme}:{place}{parts.path}"[:LONGEST_URI]
    return "".join(sign if sign.isprintable() and sign != " " else "?" for sign in text)
