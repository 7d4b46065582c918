"""What clients call with a proof of who they are: tokens, what they are good for, and their end."""

from http import HTTPStatus

from gatehouse.clients.service import authenticate, refuse_too_many
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, Endpoints, Reply
from gatehouse.oidc_provider.service import redeeming, showing
from gatehouse.oidc_provider.service.cors import allow_origin_of
from gatehouse.oidc_provider.service.lines import logged_refusals
from gatehouse.oidc_provider.service.proofs import binding_of
from gatehouse.oidc_provider.service.pushed import push
from gatehouse.signing_keys.service import prepare

token = Endpoints("token")


@token.post("/oidc/token")
def give_tokens(ctx: Context, call: Call) -> Reply:
    """Give tokens for what a grant type takes (RFC 6749 3.2)."""
    prepare(ctx)
    proven = authenticate(ctx, call)
    allow_origin_of(ctx, call, proven.client)
    refuse_too_many(ctx, proven.client)
    with logged_refusals(ctx, proven.client):
        binding = binding_of(ctx, call, proven.client)
        return Reply(redeeming.answer_token_request(ctx, call, proven, binding))


@token.post("/oidc/par")
def push_request(ctx: Context, call: Call) -> Reply:
    """Take a request beforehand, and give it a name (RFC 9126 2)."""
    prepare(ctx)
    proven = authenticate(ctx, call)
    allow_origin_of(ctx, call, proven.client)
    refuse_too_many(ctx, proven.client)
    with logged_refusals(ctx, proven.client):
        return Reply(push(ctx, call, proven.client), HTTPStatus.CREATED)


@token.post("/oidc/introspect")
def introspect(ctx: Context, call: Call) -> Reply:
    """Say what a token is good for (RFC 7662 2), to nobody who only says who they are (2.1)."""
    prepare(ctx)
    proven = authenticate(ctx, call, needs_proof=True)
    told = showing.introspect(ctx, proven.client, call.need("token"))
    wants_token = showing.INTROSPECTION in (call.header("Accept") or "")
    if not wants_token and proven.client.options.introspection_signed_response_alg is None:
        return Reply(told)
    kind = f"application/{showing.INTROSPECTION}"
    return Reply(showing.signed_introspection(ctx, proven.client, told), kind=kind)


@token.post("/oidc/revoke")
def revoke(ctx: Context, call: Call) -> Reply:
    """End a token (RFC 7009 2)."""
    proven = authenticate(ctx, call)
    allow_origin_of(ctx, call, proven.client)
    showing.revoke(ctx, proven.client, call.need("token"))
    return Reply()
