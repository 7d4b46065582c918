"""What every grant type does in the end: asks whether the person still may, and makes tokens."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.protocol import Call
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.models import ClientSession, Grant
from gatehouse.grants.service import was_voided
from gatehouse.oidc_provider.errors import InvalidTarget
from gatehouse.oidc_provider.rules.asked import scope_member
from gatehouse.oidc_provider.rules.claims import (
    ACCESS_TOKEN,
    ID_TOKEN,
    claims_of_scopes,
    wished,
)
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.people import say_of
from gatehouse.oidc_provider.service.resources import check_resources
from gatehouse.oidc_provider.service.tokens import Issue, access_token, id_token
from gatehouse.sessions.models import Session, SessionStatus

Answer = dict[str, Any]
Params = Mapping[str, Any]


def refuse_who_is_out(
    ctx: Context,
    client: KnownClient,
    user_id: UUID,
    *,
    sid: UUID | None,
    since: datetime | None = None,
    place: str | None = None,
) -> None:
    """Whoever may not any more gets nothing for a code (threat 33); nor for what was given
    ``since`` then, and voided. ``place`` is the organization that it is for.
    """
    if not _is_in(ctx, user_id):
        raise InvalidGrant("account_out")
    if not may_enter(ctx, client, user_id, place):
        raise InvalidGrant("no_access")
    if sid is not None and not _is_open(ctx, sid):
        raise InvalidGrant("session_over")
    if since is not None and was_voided(ctx, user_id, since):
        raise InvalidGrant("voided")


def _is_in(ctx: Context, user_id: UUID) -> bool:
    """Whoever ends what an account has changes its row first. Held, so that they either are done by
    now, or find what is given here.
    """
    user = ctx.db.get(User, user_id, with_for_update={"read": True})
    return user is not None and user.status is AccountStatus.ACTIVE and user.deleted_at is None


def _is_open(ctx: Context, sid: UUID) -> bool:
    """The same of a session: whoever ends it changes its row before the refresh tokens."""
    status = ctx.db.scalar(
        select(Session.status)
        .join(ClientSession, ClientSession.session_id == Session.id)
        .where(ClientSession.id == sid)
        .with_for_update(read=True, of=Session)
    )
    return status is not None and status is not SessionStatus.REVOKED


def of_the_person(
    ctx: Context, client: KnownClient, user_id: UUID, params: Params
) -> Mapping[str, Any]:
    """Roles and groups in access tokens, where they were asked for (RFC 9068 2.2.3.1)."""
    said = say_of(
        ctx,
        client,
        user_id,
        place=ACCESS_TOKEN,
        names=claims_of_scopes([s for s in params["scopes"] if s in ("roles", "groups")]),
        scopes=params["scopes"],
        organization=params.get("organization"),
    )
    wishes = wished(params.get("claims", {}), "userinfo")
    # For our own userinfo endpoint: there is no row that it could read this from.
    said |= {"wishes": list(wishes)} if wishes else {}
    return said | ({"org": params["organization"]} if params.get("organization") else {})


def token_answer(
    ctx: Context, client: KnownClient, issue: Issue, params: Params, *, nonce: str | None
) -> tuple[Answer, str]:
    """The token response (RFC 6749 5.1), and the name of its access token."""
    access = access_token(ctx, client, issue)
    answer: Answer = {
        "access_token": access.text,
        "token_type": "DPoP" if (issue.binding or "").startswith("jkt:") else "Bearer",
        "expires_in": access.expires_in,
        **scope_member(issue.scopes),
    }
    if issue.details:
        answer["authorization_details"] = list(issue.details)
    if "openid" in issue.scopes and issue.grant_id is not None:
        claims = _id_claims(ctx, client, issue, params)
        answer["id_token"] = id_token(
            ctx, client, issue, nonce=nonce, access=access.text, claims=claims
        )
    return answer, access.jti


def _id_claims(
    ctx: Context, client: KnownClient, issue: Issue, params: Params
) -> Mapping[str, Any]:
    """What an ID token says of the person: what was wished for in it, and what the client's own
    settings put there.
    """
    options = client.options
    names = list(wished(params.get("claims", {}), "id_token"))
    if options.id_token_include_scope_claims:
        names += claims_of_scopes(issue.scopes)
    scopes = set(issue.scopes)
    names += ["roles"] if options.include_roles and "roles" in scopes else []
    names += ["groups"] if options.include_groups and "groups" in scopes else []
    if options.include_org and "organizations" in scopes:
        names += ["org_id", "org_name", "org_role"]
    user_id = _user_of(ctx, issue) if names or options.claims_mappers else None
    if user_id is None:
        return {}
    return say_of(
        ctx,
        client,
        user_id,
        place=ID_TOKEN,
        names=names,
        scopes=issue.scopes,
        organization=params.get("organization"),
    )


def _user_of(ctx: Context, issue: Issue) -> UUID | None:
    grant = ctx.db.get(Grant, issue.grant_id)
    return grant.user_id if grant else None


def audience_of(ctx: Context, call: Call, client: KnownClient, params: Params) -> tuple[str, ...]:
    """What the token is for: of what was granted that which is asked for now (RFC 8707 2.2)."""
    granted, wanted = params.get("resources", []), call.several.get("resource", [])
    if not wanted:
        return check_resources(ctx, client, granted)
    if not set(wanted) <= set(granted):
        raise InvalidTarget
    return check_resources(ctx, client, wanted)
