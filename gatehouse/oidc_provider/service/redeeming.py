"""The token endpoint: a function for each grant type."""

from collections.abc import Callable

from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient
from gatehouse.clients.service import Proven, note_use
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.oidc_provider.errors import UnsupportedGrantType
from gatehouse.oidc_provider.service.answers import Answer
from gatehouse.oidc_provider.service.ciba import CIBA_GRANT
from gatehouse.oidc_provider.service.devices import DEVICE_GRANT
from gatehouse.oidc_provider.service.grant_client import client_credentials
from gatehouse.oidc_provider.service.grant_code import redeem_code
from gatehouse.oidc_provider.service.grant_device import redeem_ciba, redeem_device
from gatehouse.oidc_provider.service.grant_exchange import exchange
from gatehouse.oidc_provider.service.grant_refresh import refresh

GRANTS: dict[str, Callable[[Context, Call, KnownClient, str | None], Answer]] = {
    "authorization_code": redeem_code,
    "refresh_token": refresh,
    "client_credentials": client_credentials,
    DEVICE_GRANT: redeem_device,
    CIBA_GRANT: redeem_ciba,
    "urn:ietf:params:oauth:grant-type:token-exchange": exchange,
}


def answer_token_request(ctx: Context, call: Call, proven: Proven, binding: str | None) -> Answer:
    """Do what the grant type says. ``binding`` is the key that the caller showed to have."""
    kind = call.need("grant_type")
    if kind not in GRANTS:
        raise UnsupportedGrantType
    if kind not in proven.client.options.grant_types:
        raise UnauthorizedClient
    answer = GRANTS[kind](ctx, call, proven.client, binding)
    note_use(ctx, proven.client.id, "refresh" if kind == "refresh_token" else "token")
    return answer
