"""The grant type client_credentials (RFC 6749 4.4)."""

from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.oidc_provider.rules.asked import scopes_of
from gatehouse.oidc_provider.rules.claims import ALL_SCOPES as ABOUT_PEOPLE
from gatehouse.oidc_provider.rules.details import details_of
from gatehouse.oidc_provider.service.answers import Answer, token_answer
from gatehouse.oidc_provider.service.resources import check_resources
from gatehouse.oidc_provider.service.tokens import Issue


def client_credentials(
    ctx: Context, call: Call, client: KnownClient, binding: str | None
) -> Answer:
    """A token for the client itself (RFC 6749 4.4): no person, so no refresh and no ID token."""
    if client.options.is_public:
        raise UnauthorizedClient
    allowed = [scope for scope in client.options.scopes if scope not in ABOUT_PEOPLE]
    scopes = scopes_of(call.sent.get("scope"), allowed, client.options.default_scopes)
    audience = check_resources(ctx, client, call.several.get("resource", []))
    details = details_of(
        call.sent.get("authorization_details"),
        client.options.authorization_details_types,
        client.options.authorization_details_shapes,
    )
    issue = Issue(
        sub=client.client_id, scopes=scopes, audience=audience, binding=binding, details=details
    )
    return token_answer(ctx, client, issue, {}, nonce=None)[0]
