"""Which application a visitor is on the way to, for what pages say and browsers allow."""

from gatehouse.core.context import Context
from gatehouse.core.errors import GatehouseError
from gatehouse.core.rendering import origin_of
from gatehouse.core.showing import Destination
from gatehouse.oidc_provider.service import logout
from gatehouse.oidc_provider.service.authorize import Refused
from gatehouse.oidc_provider.service.ways import peek

# Our pages on the way, and what leads on from one to the next.
ON = frozenset({"/oidc/continue", "/oidc/consent", "/oidc/accounts", "/oidc/no-access"})
OUT = "/oidc/logout/"


def destination(ctx: Context, path: str) -> Destination | None:
    """The Destinations port."""
    if path.startswith(OUT):
        return logout.destination_of(ctx, path.removeprefix(OUT))
    page, _, handle = path.rpartition("/")
    if page not in ON:
        return None
    try:
        request = peek(ctx, handle)
    except (Refused, GatehouseError):
        return None
    if request is None:
        return None
    client, options = request.client, request.client.options
    return Destination(
        name=client.name,
        organization=client.org_name,
        origin=origin_of(request.asked.redirect_uri),
        logo_uri=options.logo_uri,
        policy_uri=options.policy_uri,
        tos_uri=options.tos_uri,
        login_hint=request.asked.login_hint,
        ui_locales=request.asked.ui_locales,
        accounts=f"/oidc/accounts/{handle}",
    )
