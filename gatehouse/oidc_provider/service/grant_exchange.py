"""The grant type token-exchange: a token of a person for a narrower one (RFC 8693).

It lives by the same grant, refresh tokens and session as what it came of, and never longer:
whatever ends that ends this.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gatehouse.audit.service import record
from gatehouse.clients.errors import UnauthorizedClient
from gatehouse.clients.queries import KnownClient, find_client_by_id
from gatehouse.clients.rules import api_of
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call, InvalidRequest
from gatehouse.oidc_provider.errors import InvalidScope, InvalidTarget
from gatehouse.oidc_provider.events import TokenExchanged
from gatehouse.oidc_provider.rules.details import refuse_details
from gatehouse.oidc_provider.rules.exchange import (
    ACCESS_TOKEN,
    Policy,
    actors,
    policy_of,
    scopes_left,
)
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.answers import Answer, of_the_person, token_answer
from gatehouse.oidc_provider.service.resources import MOST_RESOURCES, audience_is_of, is_served_by
from gatehouse.oidc_provider.service.showing import Living, read_living
from gatehouse.oidc_provider.service.strength import is_barred
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.oidc_provider.service.tokens import Issue, issuer_of, outlives_session

NOT_GOOD = "The subject_token is not good for this: unknown, over, or not for this client."


def exchange(ctx: Context, call: Call, client: KnownClient, binding: str | None) -> Answer:
    """A token for one that is narrower. No refresh token comes with it."""
    settings = client.options.token_exchange_policy
    if client.options.is_public or not settings:
        raise UnauthorizedClient
    policy = policy_of(settings)
    _check_types(call)
    refuse_details(call.sent)
    living = _subject(ctx, client, policy, call.need("subject_token"))
    claims, standing = living.shown.claims, living.shown.standing
    scope = call.sent.get("scope")
    scopes = scopes_left(policy, living.scopes, scope.split(" ") if scope else None)
    if not scopes:
        raise InvalidScope
    act = actors(client.client_id, claims.get("act"))
    if act is None or standing is None:
        raise InvalidRequest("Too many have acted for one another already.")
    params, proved_at = {"scopes": list(scopes)}, claims.get("auth_time")
    issue = Issue(
        sub=sub_of(ctx, client, standing.user_id),
        scopes=scopes,
        audience=_audience(ctx, call, client, policy),
        grant_id=UUID(claims["gid"]),
        family_id=UUID(claims["fid"]) if "fid" in claims else None,
        sid=UUID(claims["sid"]) if "sid" in claims else None,
        auth_time=datetime.fromtimestamp(proved_at, UTC) if proved_at else None,
        acr=claims.get("acr"),
        amr=claims.get("amr", ()),
        binding=binding,
        extra={
            **of_the_person(ctx, client, standing.user_id, params),
            **_chain(claims, act),
        },
        most_seconds=int(claims["exp"]) - int(ctx.now.timestamp()),
    )
    answer, _ = token_answer(ctx, client, issue, params, nonce=None)
    _note(ctx, client, standing.user_id, standing.client_row_id, scopes)
    return answer | {"issued_token_type": ACCESS_TOKEN}


def _check_types(call: Call) -> None:
    """RFC 8693 2.1: access tokens alone, on both sides. Whoever acts is the client itself."""
    if call.need("subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequest("The subject_token_type must be that of an access token.")
    if call.sent.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise InvalidRequest("The requested_token_type can be that of an access token alone.")
    if "actor_token" in call.sent or "actor_token_type" in call.sent:
        raise InvalidRequest("No actor_token is taken: the client acts for itself.")


def _subject(ctx: Context, client: KnownClient, policy: Policy, token: str) -> Living:
    """A token of a person that counts, of a client of the policy and of the same organization, and
    that was meant for whoever brings it. Raises InvalidRequest (RFC 8693 2.2.2).
    """
    living = read_living(ctx, token)
    standing = living.shown.standing if living is not None else None
    if living is None or standing is None or living.shown.binding is not None:
        raise InvalidRequest(NOT_GOOD)
    owner, shown = living.client, living.shown
    source = find_client_by_id(ctx.runtime, standing.client_row_id)
    is_ours = owner.org_id == client.org_id and source and source.org_id == client.org_id
    if not is_ours or owner.client_id not in policy.subject_clients or owner.is_built_in:
        raise InvalidRequest(NOT_GOOD)
    is_for_them = client.client_id in shown.audience or client.id == owner.id
    if not is_for_them and not is_served_by(ctx, client, shown.audience):
        raise InvalidRequest(NOT_GOOD)
    user_id, amr = standing.user_id, shown.claims.get("amr", ())
    if not may_enter(ctx, client, user_id) or is_barred(ctx, client, user_id, amr):
        raise InvalidRequest(NOT_GOOD)
    return living


def _audience(ctx: Context, call: Call, client: KnownClient, policy: Policy) -> tuple[str, ...]:
    """What the new token is for: it has to be said, and never is it for us."""
    wanted = tuple(dict.fromkeys([*call.several["resource"], *call.several["audience"]]))
    ours = {api_of(ctx.settings.app_url), issuer_of(ctx.runtime)}
    if not wanted or len(wanted) > MOST_RESOURCES or set(wanted) & ours:
        raise InvalidTarget
    if not set(wanted) <= policy.audiences or not audience_is_of(ctx, client, wanted):
        raise InvalidTarget
    return wanted


def _chain(claims: Any, act: dict[str, Any]) -> dict[str, Any]:
    """Who acts, what this came of, and whether that goes on when the session is over."""
    came_of = [*claims.get("came_of", ()), claims["jti"]]
    return {"act": act, "came_of": came_of} | ({"stays": True} if outlives_session(claims) else {})


def _note(
    ctx: Context, client: KnownClient, user_id: UUID, source_id: UUID, scopes: Sequence[str]
) -> None:
    event = TokenExchanged(
        org_id=client.org_id,
        user_id=user_id,
        client_row_id=client.id,
        subject_client_row_id=source_id,
        scopes=tuple(scopes),
    )
    record(ctx, event)
