"""The grant type authorization_code: a code for tokens, once (RFC 6749 4.1.3)."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select, update

from gatehouse.audit.service import record
from gatehouse.clients.queries import KnownClient
from gatehouse.core.context import Context
from gatehouse.core.crypto import same
from gatehouse.core.protocol import Call
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.grants.errors import InvalidGrant
from gatehouse.grants.models import Grant, RefreshFamily
from gatehouse.grants.service import open_family, revoke_families, revoke_single
from gatehouse.oidc_provider.events import CodeReused
from gatehouse.oidc_provider.models import AuthorizationCode
from gatehouse.oidc_provider.rules.asked import CHALLENGE
from gatehouse.oidc_provider.rules.details import narrowed
from gatehouse.oidc_provider.service.answers import (
    Answer,
    Params,
    audience_of,
    of_the_person,
    refuse_who_is_out,
    token_answer,
)
from gatehouse.oidc_provider.service.granting import CODE
from gatehouse.oidc_provider.service.subjects import sub_of
from gatehouse.oidc_provider.service.tokens import OFFLINE, Issue

LONGEST_LIFE = timedelta(days=1)  # of an access token


def redeem_code(ctx: Context, call: Call, client: KnownClient, binding: str | None) -> Answer:
    """A code for tokens, once: one statement decides who of several gets them."""
    text = call.need("code")
    code = _code(ctx, text) if is_well_formed(text, CODE) else None
    if code is None:
        raise InvalidGrant("unknown_code")
    if code.client_row_id != client.id:
        raise InvalidGrant("code_of_another_client")
    params = code.params
    _check_redirect(call, client, code)
    check_verifier(params.get("challenge"), call.sent.get("code_verifier"))
    if params.get("jkt") and binding != f"jkt:{params['jkt']}":
        raise InvalidGrant("code_of_another_key")
    _consume(ctx, code)
    grant = ctx.db.get(Grant, code.grant_id)
    if grant is None or grant.revoked_at is not None:
        raise InvalidGrant("grant_revoked")
    place = params.get("organization")
    refuse_who_is_out(ctx, client, code.user_id, sid=code.sid, since=code.created_at, place=place)
    family, refresh = _family(ctx, client, code, params, binding)
    issue = Issue(
        sub=sub_of(ctx, client, code.user_id),
        scopes=params["scopes"],
        audience=audience_of(ctx, call, client, params),
        grant_id=code.grant_id,
        family_id=family.id if family else None,
        sid=code.sid,
        auth_time=code.auth_time,
        acr=params.get("acr"),
        amr=params.get("amr", ()),
        binding=binding,
        details=narrowed(call.sent.get("authorization_details"), params.get("details", ())),
        extra=of_the_person(ctx, client, code.user_id, params),
    )
    answer, jti = token_answer(ctx, client, issue, params, nonce=params.get("nonce"))
    if family is None:
        code.params = {**params, "jti": jti}
    if refresh:
        answer["refresh_token"] = refresh
    return answer


def _code(ctx: Context, text: str) -> AuthorizationCode | None:
    found: AuthorizationCode | None = ctx.db.scalar(
        select(AuthorizationCode).where(AuthorizationCode.code_hash == hash_token(text))
    )
    return found


def _check_redirect(call: Call, client: KnownClient, code: AuthorizationCode) -> None:
    """The same address as before; OAuth 2.1 lets a client leave it out that used PKCE."""
    told = call.sent.get("redirect_uri")
    if told is None and ("challenge" in code.params or len(client.options.redirect_uris) == 1):
        return
    if told != code.redirect_uri:
        raise InvalidGrant("another_redirect_uri")


def check_verifier(challenge: str | None, verifier: str | None) -> None:
    """PKCE (RFC 7636 4.6). A verifier without a challenge: somebody took the challenge away."""
    if challenge is None and verifier is None:
        return
    if challenge is None or verifier is None or not CHALLENGE.fullmatch(verifier):
        raise InvalidGrant("wrong_verifier")
    made = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not same(made, challenge):
        raise InvalidGrant("wrong_verifier")


def _consume(ctx: Context, code: AuthorizationCode) -> None:
    statement = (
        update(AuthorizationCode)
        .where(
            AuthorizationCode.id == code.id,
            AuthorizationCode.consumed_at.is_(None),
            AuthorizationCode.expires_at > ctx.now,
        )
        .values(consumed_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    if ctx.execute(statement):
        return
    ctx.db.refresh(code)
    if code.consumed_at is None:
        raise InvalidGrant("code_expired")
    ctx.after_refusal(lambda own: _void_what_it_gave(own, code.id))
    raise InvalidGrant("code_reused")


def _void_what_it_gave(ctx: Context, code_id: UUID) -> None:
    """A code that is shown twice was stolen (RFC 6749 4.1.2): what the first one got is void."""
    code = ctx.db.get(AuthorizationCode, code_id)
    if code is None:
        return
    if code.family_id is not None:
        which = RefreshFamily.id == code.family_id
        revoke_families(ctx, which, reason="code_reused")
    elif jti := code.params.get("jti"):
        revoke_single(ctx, jti, ctx.now + LONGEST_LIFE)
    record(ctx, CodeReused(user_id=code.user_id, client_row_id=code.client_row_id))


def _family(
    ctx: Context,
    client: KnownClient,
    code: AuthorizationCode,
    params: Params,
    binding: str | None,
) -> tuple[RefreshFamily | None, str]:
    """A family of refresh tokens, if the client may refresh and was allowed to stay."""
    options, is_offline = client.options, OFFLINE in params["scopes"]
    if "refresh_token" not in options.grant_types:
        return None, ""
    if not is_offline and not options.always_issue_refresh_token:
        return None, ""
    family, token = open_family(
        ctx,
        client,
        grant_id=code.grant_id,
        user_id=code.user_id,
        sid=code.sid,
        params={**params, "auth_time": code.auth_time.timestamp()},
        # Of a confidential client its own proof is enough (RFC 9449 5).
        binding=binding if options.is_public else None,
        dies_with_session=not is_offline,
    )
    code.family_id = family.id
    return family, token
