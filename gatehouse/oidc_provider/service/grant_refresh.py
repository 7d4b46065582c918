"""The grant type refresh_token (RFC 6749 6, OpenID Connect Core 12)."""

from datetime import UTC, datetime

from gatehouse.clients.queries import KnownClient
from gatehouse.core.assurance import PWD, reaches
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.service import KnownFamily, turn
from gatehouse.grants.service.families import find_family, judge
from gatehouse.oidc_provider.errors import InvalidScope
from gatehouse.oidc_provider.rules.details import narrowed
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.answers import (
    Answer,
    Params,
    audience_of,
    of_the_person,
    token_answer,
)
from gatehouse.oidc_provider.service.strength import is_barred
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.oidc_provider.service.tokens import OFFLINE, Issue


def refresh(ctx: Context, call: Call, client: KnownClient, binding: str | None) -> Answer:
    """A refresh token for new tokens. The turn comes last: whatever refuses has spent nothing."""
    family, generation = find_family(ctx, call.need("refresh_token"), client)
    if family.binding is not None and binding != family.binding:
        raise InvalidGrant("token_of_another_key")
    params = _narrowed(call, client, family.params)
    audience = audience_of(ctx, call, client, params)
    details = narrowed(call.sent.get("authorization_details"), params.get("details", ()))
    judge(ctx, client, family, generation)
    if family.outlived is not None:
        raise InvalidGrant(family.outlived)
    if not reaches(params.get("acr") or PWD, client.options.min_acr):
        raise InvalidGrant("acr_too_low")
    if not may_enter(ctx, client, family.user_id, params.get("organization")):
        raise InvalidGrant("no_access")
    amr, place = params.get("amr", ()), params.get("organization")
    if is_barred(ctx, client, family.user_id, amr, place):
        raise InvalidGrant("barred_by_policy")
    issue = Issue(
        sub=sub_of(ctx, client, family.user_id),
        scopes=params["scopes"],
        audience=audience,
        grant_id=family.grant_id,
        family_id=family.id,
        sid=family.sid,
        auth_time=datetime.fromtimestamp(params["auth_time"], UTC),
        acr=params.get("acr"),
        amr=params.get("amr", ()),
        binding=binding,
        details=details,
        extra={**of_the_person(ctx, client, family.user_id, params), **_stays(family, params)},
    )
    answer, _ = token_answer(ctx, client, issue, params, nonce=None)
    answer["refresh_token"] = turn(ctx, client, family, generation)
    return answer


def _stays(family: KnownFamily, params: Params) -> Params:
    """Of a token that has lost the scope it has to be said that it goes on without a session."""
    is_said = family.dies_with_session or OFFLINE in params["scopes"]
    return {} if is_said else {"stays": True}


def _narrowed(call: Call, client: KnownClient, params: Params) -> Params:
    """The same with fewer scopes, for this answer alone (RFC 6749 6). Scopes that the client may
    no longer have are left out.
    """
    wanted = call.sent.get("scope")
    asked = wanted.split(" ") if wanted is not None else params["scopes"]
    if not set(asked) <= set(params["scopes"]):
        raise InvalidScope
    left = [s for s in params["scopes"] if s in asked and s in client.options.scopes]
    if not left:
        raise InvalidScope
    return {**params, "scopes": left}
