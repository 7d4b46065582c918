"""The bridge to a sign-in page elsewhere (``LOGIN_UI_URL``): it is told what an application asks
for, and answers for whoever is signed in to it. The rules are those of our own pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import update

from gatehouse.core.access import Authenticator
from gatehouse.core.context import Context
from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.errors import (
    AuthRequired,
    InvalidToken,
    NotFound,
    ReauthenticationRequired,
    StepUpRequired,
)
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.models import StoredRequest
from gatehouse.oidc_provider.rules.interaction import Step, must_agree
from gatehouse.oidc_provider.service.authorize import Refused, Request
from gatehouse.oidc_provider.service.granting import SignedIn, signed_in
from gatehouse.oidc_provider.service.lines import log_refusal
from gatehouse.oidc_provider.service.responses import LedBack
from gatehouse.oidc_provider.service.ways import (
    Way,
    end_way,
    grant,
    policy_against,
    refuse,
    step_of,
    way_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a sign-in page has to show. ``terms`` names exactly this."""

    oidc_session_id: str
    client_id: str
    client_name: str
    organization: str | None
    redirect_uri: str
    scopes: Sequence[str]
    claims: Sequence[str]
    resources: Sequence[str]
    details: Sequence[Mapping[str, Any]]
    place: str | None
    asks_consent: bool
    prompt: Sequence[str]
    login_hint: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    terms: str


def begin(ctx: Context, handle: str) -> Begun:
    """Tell what a request on its way asks for. It is told again alike, or not at all: the first
    terms stay. Raises WayOver, TermsChanged.
    """
    _refuse_without_a_bridge(ctx)
    try:
        way = way_of(ctx, handle)
    except Refused:
        raise errors.WayOver from None
    mark = _mark(ctx, way.request, handle)
    statement = (
        update(StoredRequest)
        .where(StoredRequest.id == way.row.id, StoredRequest.terms.is_(None))
        .values(terms=mark)
        .execution_options(synchronize_session=False)
    )
    if not ctx.execute(statement):
        ctx.db.refresh(way.row)
        if not same(way.row.terms or "", mark):
            raise errors.TermsChanged
    return _told(way.request, handle, mark)


def complete(
    ctx: Context, handle: str, *, token: str | None, terms: str | None, says_yes: bool
) -> LedBack:
    """Lead back to the application with a code, or with the person's no. A yes is to what ``begin``
    told, once. Raises WayOver, NotBegun, TermsChanged, NoAccess, OtherAccountExpected,
    ReauthenticationRequired, and what tokens are refused with.
    """
    _refuse_without_a_bridge(ctx)
    person = _come_in(ctx, token)
    try:
        way = way_of(ctx, handle)
    except Refused as refused:
        log_refusal(ctx, refused.client, refused.error)
        return refused.way_back.with_error(refused.error.error, refused.error.description)
    _refuse_other_terms(ctx, way, handle, terms)
    if not says_yes:
        end_way(ctx, way.row)
        return refuse(ctx, way.request, errors.AccessDenied())
    step, agrees = _step(ctx, way, person, agrees=False), False
    if step is Step.CONSENT:
        step, agrees = _step(ctx, way, person, agrees=True), True
    if step is Step.UNMET:
        end_way(ctx, way.row)
        return refuse(ctx, way.request, errors.UnmetAuthentication())
    _refuse_what_is_missing(ctx, way, step)
    end_way(ctx, way.row)
    return grant(ctx, way.request, person, agrees=agrees)


def _refuse_without_a_bridge(ctx: Context) -> None:
    if not ctx.settings.login_ui_url:
        raise NotFound("People sign in on the pages of this installation: LOGIN_UI_URL is not set.")


def _come_in(ctx: Context, token: str | None) -> SignedIn:
    """Whoever sent the request, by the header, else by a session's token in the body."""
    if ctx.actor.user_id is None:
        if not token:
            raise AuthRequired
        ctx.stay_out_of_the_transaction()
        known = ctx.ports[Authenticator](ctx.runtime, token, ctx.now)
        if known is None:
            raise InvalidToken
        if known.tally:
            known.tally.refuse_if_over()
        ctx.actor = known.actor
    person = signed_in(ctx)
    if person is None:
        raise errors.OnlyWithASession
    return person


def _refuse_other_terms(ctx: Context, way: Way, handle: str, terms: str | None) -> None:
    shown = way.row.terms
    if shown is None:
        raise errors.NotBegun
    is_other = terms is not None and not same(terms, shown)
    if is_other or not same(shown, _mark(ctx, way.request, handle)):
        raise errors.TermsChanged


def _step(ctx: Context, way: Way, person: SignedIn, *, agrees: bool) -> Step:
    """What is missing. That the person came with this account is their choice of it."""
    return step_of(
        ctx,
        way.request,
        person,
        begun_at=way.row.created_at,
        chosen_at=ctx.now,
        has_agreed_now=agrees,
    )


def _refuse_what_is_missing(ctx: Context, way: Way, step: Step) -> None:
    if step is Step.NO_ACCESS:
        raise errors.NoAccess
    if step is Step.OTHER_PERSON:
        raise errors.OtherAccountExpected
    error = policy_against(ctx, way.request) if step in (Step.STEP_UP, Step.ENROL) else None
    if error is not None:
        raise error
    if step is Step.STEP_UP:
        raise StepUpRequired(**_wanted(way.request))
    if step is not Step.GRANTED:
        raise ReauthenticationRequired(max_age=way.request.asked.max_age or 0)


def _wanted(request: Request) -> dict[str, Any]:
    """What the person has to reach, as RFC 9470 3 says it."""
    options, asked = request.client.options, request.asked
    wanted = asked.essential_acr or asked.acr_values or (options.min_acr,)
    return {"acr_values": " ".join(wanted), "max_age": options.mfa_max_age}


def _mark(ctx: Context, request: Request, handle: str) -> str:
    client, asked = request.client, request.asked
    shown = {
        "subject": handle,
        "client": [str(client.id), client.name, client.org_name],
        "redirect_uri": asked.redirect_uri,
        "scopes": asked.scopes,
        "claims": asked.claim_names(),
        "resources": asked.resources,
        "details": asked.details,
        "place": asked.organization,
        "asks_consent": _asks_consent(request),
    }
    text = orjson.dumps(shown, option=orjson.OPT_SORT_KEYS).decode()
    return fingerprint(ctx.settings.secret_key, "terms told", text)


def _asks_consent(request: Request) -> bool:
    client, asked = request.client, request.asked
    is_asked = must_agree(client.options, asked, is_trusted=client.is_trusted)
    return is_asked or "consent" in asked.prompt


def _told(request: Request, handle: str, mark: str) -> Begun:
    client, asked, options = request.client, request.asked, request.client.options
    return Begun(
        oidc_session_id=handle,
        client_id=client.client_id,
        client_name=client.name,
        organization=client.org_name,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        claims=asked.claim_names(),
        resources=asked.resources,
        details=asked.details,
        place=asked.organization,
        asks_consent=_asks_consent(request),
        prompt=sorted(asked.prompt),
        login_hint=asked.login_hint,
        logo_uri=options.logo_uri,
        policy_uri=options.policy_uri,
        tos_uri=options.tos_uri,
        terms=mark,
    )
