"""How a request comes to the authorization endpoint: as parameters, signed, or by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.protocol import MOST_BYTES, InvalidRequest, OAuthError, read_parameters
from gatehouse.core.sayings import _
from gatehouse.oidc_provider.errors import NotLedOn, RequestUriNotSupported
from gatehouse.oidc_provider.service.authorize import (
    Refused,
    Request,
    known_client,
    request_of,
    way_back_of,
)
from gatehouse.oidc_provider.service.objects import open_object
from gatehouse.oidc_provider.service.pushed import URN, find_pushed

# What is needed to lead back with an error.
LEADING = ("client_id", "redirect_uri", "state", "response_mode")

Several = Mapping[str, Sequence[str]]

TWICE = _("It sent something twice, or something unreadable.")


def refuse_in_both(query: bytes, body: bytes) -> None:
    """Raise NotLedOn if a form and its address have a parameter of one name. The form alone counts,
    and whoever looks at the address would see another request (threat 6).
    """
    if query and _names(query) & _names(body):
        raise NotLedOn(TWICE, reason="unreadable")


def _names(raw: bytes) -> set[str]:
    return {
        name for name, _value in parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
    }


def read_request(ctx: Context, raw: bytes) -> Request:
    """Read a request as a browser brings it. Raises NotLedOn, then Refused."""
    try:
        sent, several = read_parameters(raw)
    except InvalidRequest as error:
        raise _refused_unread(ctx, raw, error) from error
    client = known_client(ctx, sent.get("client_id"))
    if "request_uri" in sent:
        return _by_name(ctx, client, sent)
    options = client.options
    must_push = options.require_pushed_authorization_requests or options.is_fapi
    if must_push or ctx.settings.oidc.require_par:
        not_pushed = InvalidRequest("The request must be pushed (RFC 9126).")
        raise Refused(way_back_of(ctx, client, sent), not_pushed, client)
    if "request" in sent:
        return request_of(ctx, *_opened(ctx, client, sent))
    if options.require_signed_request_object:
        unsigned = InvalidRequest("This client must sign its requests: the request is missing.")
        raise Refused(way_back_of(ctx, client, sent), unsigned, client)
    return request_of(ctx, sent, several)


def _by_name(ctx: Context, client: KnownClient, sent: Mapping[str, str]) -> Request:
    """A request that was pushed. What the address says beside its name is not looked at."""
    try:
        if not sent["request_uri"].startswith(URN):
            raise RequestUriNotSupported
        if "request" in sent:
            raise InvalidRequest("Send the request or the request_uri, not both.")  # RFC 9101 5
        row = find_pushed(ctx, client, sent["request_uri"])
    except OAuthError as error:
        raise Refused(way_back_of(ctx, client, sent), error, client) from None
    params = {name: value for name, value in row.params.items() if name != "several"}
    found = request_of(ctx, params, row.params["several"])
    return replace(found, pushed_id=row.id)


def _opened(
    ctx: Context, client: KnownClient, sent: Mapping[str, str]
) -> tuple[dict[str, str], Several]:
    try:
        return open_object(ctx, client, sent["request"])
    except OAuthError as error:
        raise Refused(way_back_of(ctx, client, sent), error, client) from None


def _refused_unread(ctx: Context, raw: bytes, error: InvalidRequest) -> Exception:
    """A request that cannot be read leads back only if client and address stand there once."""
    try:
        text = raw[:MOST_BYTES].decode(errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        return NotLedOn(_("It sent something unreadable."), reason="unreadable")
    names = [name for name, _value in pairs]
    if len(raw) > MOST_BYTES or any(names.count(name) != 1 for name in LEADING[:2]):
        return NotLedOn(TWICE, reason="unreadable")
    sent = {name: value for name, value in pairs if value and names.count(name) == 1}
    few = {name: sent[name] for name in LEADING if name in sent and "\x00" not in sent[name]}
    client = known_client(ctx, few.get("client_id"))
    return Refused(way_back_of(ctx, client, few), error, client)
