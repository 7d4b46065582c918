"""Where devices without a browser, or without a keyboard, begin (RFC 8628 3.1)."""

from gatehouse.clients.service import authenticate
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.oidc_provider.service.ciba import begin_ciba
from gatehouse.oidc_provider.service.cors import allow_origin_of
from gatehouse.oidc_provider.service.devices import begin_device
from gatehouse.oidc_provider.service.lines import logged_refusals
from gatehouse.signing_keys.service import prepare

devices = Endpoints("devices")


@devices.post("/oidc/device_authorization")
def authorize_device(ctx: Context, call: Call) -> Reply:
    """Give a device a code for a person to type, and one for itself (RFC 8628 3.2)."""
    proven = authenticate(ctx, call)
    allow_origin_of(ctx, call, proven.client)
    with logged_refusals(ctx, proven.client):
        return Reply(begin_device(ctx, call, proven.client))


@devices.post("/oidc/bc-authorize")
def authorize_by_back_channel(ctx: Context, call: Call) -> Reply:
    """Ask a person, who answers on a page of ours (OpenID Connect CIBA Core 7)."""
    prepare(ctx)
    proven = authenticate(ctx, call)
    with logged_refusals(ctx, proven.client):
        return Reply(begin_ciba(ctx, call, proven.client))
