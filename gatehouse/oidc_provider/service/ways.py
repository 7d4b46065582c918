"""Requests on their way through our pages: kept under a handle, bound to the browser, used once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from gatehouse.audit.service import record
from gatehouse.core.context import Context
from gatehouse.core.errors import Forbidden
from gatehouse.core.protocol import OAuthError
from gatehouse.core.sayings import _
from gatehouse.core.tokens import hash_token, is_well_formed, mint
from gatehouse.grants.service import living_grant
from gatehouse.login.service import sign_out
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.events import ClientEntryRefused
from gatehouse.oidc_provider.models import RequestKind, StoredRequest
from gatehouse.oidc_provider.queries import find_kept
from gatehouse.oidc_provider.rules.interaction import (
    Person,
    Situation,
    Step,
    must_agree,
    next_step,
)
from gatehouse.oidc_provider.service.admission import may_enter, place_named
from gatehouse.oidc_provider.service.authorize import Request, request_of
from gatehouse.oidc_provider.service.granting import (
    SignedIn,
    covers,
    give_grant,
    issue_code,
    signed_in,
)
from gatehouse.oidc_provider.service.kept import use_up
from gatehouse.oidc_provider.service.lines import log_refusal
from gatehouse.oidc_provider.service.responses import LedBack
from gatehouse.oidc_provider.service.strength import (
    demands_of,
    lack_of,
    refusal_by_policy,
    strength_of,
)
from gatehouse.oidc_provider.service.subjects import sub_of

HANDLE = "gfl_"
WAY_LIFE = timedelta(minutes=30)
MOST_BYTES = 8 * 1024  # of a request that anybody can have kept; a larger one is pushed
# What a client hears that wants no page to be shown (OpenID Connect Core 3.1.2.6).
WITHOUT_A_PAGE: dict[Step, type[OAuthError]] = {
    Step.SIGN_IN: errors.LoginRequired,
    Step.CHOOSE: errors.AccountSelectionRequired,
    Step.CONFIRM: errors.LoginRequired,
    Step.OTHER_PERSON: errors.LoginRequired,
    Step.STEP_UP: errors.InteractionRequired,
    Step.UNMET: errors.InteractionRequired,
    Step.ENROL: errors.InteractionRequired,
    Step.NO_ACCESS: errors.AccessDenied,
    Step.CONSENT: errors.ConsentRequired,
}


@dataclass(frozen=True, slots=True)
class Way:
    """A request that is kept, and what became of it so far."""

    row: StoredRequest
    request: Request


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page is next. ``handle`` names the request on its way."""

    step: Step
    handle: str
    request: Request


def begin(ctx: Context, request: Request, browser: str) -> LedBack | Waiting:
    """Grant a new request at once, refuse it, or keep it and say which page is next."""
    person = signed_in(ctx)
    step = step_of(ctx, request, person, begun_at=ctx.now, chosen_at=None)
    if is_over(request, step):
        return end(ctx, request, person, step)
    return _wait(ctx, request, step, keep(ctx, request, browser))


def go_on(ctx: Context, handle: str, browser: str) -> LedBack | Waiting:
    """Look again what is next for a request on its way. Raises WayOver."""
    _claim(ctx, handle, browser)
    way = find_way(ctx, handle, browser)
    person = signed_in(ctx)
    return advance(ctx, way, handle, person)


def advance(
    ctx: Context, way: Way, handle: str, person: SignedIn | None, *, agrees: bool = False
) -> LedBack | Waiting:
    """Take a request on its way one step further. ``agrees``: the person has just said yes."""
    row = way.row
    chosen_at = row.chosen_at if person and row.user_id == person.user_id else None
    step = step_of(
        ctx,
        way.request,
        person,
        begun_at=row.created_at,
        chosen_at=chosen_at,
        has_agreed_now=agrees,
    )
    if is_over(way.request, step):
        end_way(ctx, row)
        return end(ctx, way.request, person, step, agrees=agrees)
    return _wait(ctx, way.request, step, handle)


def is_over(request: Request, step: Step) -> bool:
    """Whether the client gets its answer now: there is no page for what is missing."""
    return step in (Step.GRANTED, Step.UNMET) or "none" in request.asked.prompt


def end(
    ctx: Context, request: Request, person: SignedIn | None, step: Step, *, agrees: bool = False
) -> LedBack:
    """Give a code, or say why there is none."""
    if step is Step.GRANTED and person is not None:
        return grant(ctx, request, person, agrees=agrees)
    if step is Step.NO_ACCESS:
        _turn_away(ctx, request)
    is_unmet = request.asked.essential_acr or "none" not in request.asked.prompt
    if step is Step.UNMET and is_unmet:
        return refuse(ctx, request, errors.UnmetAuthentication())
    return refuse(ctx, request, WITHOUT_A_PAGE[step]())


def _wait(ctx: Context, request: Request, step: Step, handle: str) -> Waiting:
    if step is Step.NO_ACCESS:
        _turn_away(ctx, request)
    return Waiting(step, handle, request)


def step_of(
    ctx: Context,
    request: Request,
    person: SignedIn | None,
    *,
    begun_at: datetime,
    chosen_at: datetime | None,
    has_agreed_now: bool = False,
) -> Step:
    client, options = request.client, request.client.options
    if person is None:
        return Step.SIGN_IN
    demands = demands_of(client, request.asked)
    may = may_enter(ctx, client, person.user_id, request.asked.organization)
    is_asked = must_agree(options, request.asked, is_trusted=client.is_trusted)
    there = living_grant(ctx, person.user_id, client.id)
    agreed = has_agreed_now or not is_asked or covers(ctx, there, request.asked)
    found = Situation(
        now=ctx.now,
        begun_at=begun_at,
        chosen_at=chosen_at,
        has_agreed_now=has_agreed_now,
        agreed=agreed,
        may_enter=may,
        default_max_age=options.default_max_age,
        demands=demands,
        policy=lack_of(policy_against(ctx, request)) if may else None,
        always_chooses=options.prompt_select_account == "always",
    )
    known = strength_of(ctx, person, demands)
    who = Person(sub_of(ctx, client, person.user_id), person.auth_time, known)
    return next_step(request.asked, who, found)


def policy_against(ctx: Context, request: Request) -> Forbidden | None:
    """What an organization demands that the caller does not meet, or has not used."""
    place = request.asked.organization
    named = place_named(ctx, ctx.user_id, place) if place else None
    return refusal_by_policy(ctx, request.client, named)


def grant(ctx: Context, request: Request, person: SignedIn, *, agrees: bool) -> LedBack:
    """Give a code. A request that was pushed is used up by it."""
    if request.pushed_id is not None and not use_up(ctx, request.pushed_id):
        return refuse(ctx, request, errors.InvalidRequestUri())
    given = give_grant(ctx, request.client, person, request.asked, agrees=agrees)
    return request.way_back.with_code(issue_code(ctx, request.client, request.asked, given))


def is_of_place(ctx: Context, request: Request, user_id: UUID) -> bool:
    """Whether the person is in the organization that the request names, if it names one."""
    place = request.asked.organization
    return place is None or place_named(ctx, user_id, place) is not None


def expects_another(ctx: Context, request: Request, user_id: UUID) -> bool:
    """Whether the request says who it shall be, and that is somebody else."""
    expected = request.asked.only_subs
    return expected is not None and sub_of(ctx, request.client, user_id) not in expected


def _turn_away(ctx: Context, request: Request) -> None:
    """Who is turned away is on the record."""
    event = ClientEntryRefused(
        org_id=request.client.org_id,
        user_id=ctx.user_id,
        client_row_id=request.client.id,
        reason="no_access",
    )
    record(ctx, event)


def refuse(ctx: Context, request: Request, error: OAuthError) -> LedBack:
    """Lead back with an error."""
    log_refusal(ctx, request.client, error)
    return request.way_back.with_error(error.error, error.description)


def find_way(ctx: Context, handle: str, browser: str) -> Way:
    """A request of this browser that is still on its way. Raises WayOver."""
    row = find_kept(ctx, RequestKind.WAY, handle, HANDLE)
    if row is None or row.browser != browser:
        raise errors.WayOver
    return Way(row, _read_again(ctx, row))


def way_of(ctx: Context, handle: str) -> Way:
    """A request that is still on its way, whichever browser brought it. Raises WayOver."""
    row = find_kept(ctx, RequestKind.WAY, handle, HANDLE)
    if row is None:
        raise errors.WayOver
    return Way(row, _read_again(ctx, row))


def peek(ctx: Context, handle: str) -> Request | None:
    """The request behind a handle, for what pages say on the way; whoever it belongs to."""
    row = find_kept(ctx, RequestKind.WAY, handle, HANDLE)
    return _read_again(ctx, row) if row is not None else None


def choose(ctx: Context, row: StoredRequest, user_id: UUID) -> None:
    """Note that the person goes on with this account."""
    row.user_id, row.chosen_at = user_id, ctx.now


def end_way(ctx: Context, row: StoredRequest) -> None:
    """Use the request up. Raises WayOver if that was done already."""
    if not use_up(ctx, row.id):
        raise errors.WayOver


def leave_account(ctx: Context) -> None:
    """Sign out here, to go on with another account."""
    sign_out(ctx)


def _claim(ctx: Context, handle: str, browser: str) -> None:
    """A request that another site posted belongs to the browser that goes on with it first."""
    if not is_well_formed(handle, HANDLE):
        return
    statement = (
        update(StoredRequest)
        .where(StoredRequest.handle_hash == hash_token(handle), StoredRequest.browser.is_(None))
        .where(StoredRequest.kind == RequestKind.WAY)
        .values(browser=browser)
        .execution_options(synchronize_session=False)
    )
    ctx.execute(statement)


def keep(ctx: Context, request: Request, browser: str | None) -> str:
    """Keep a request for a browser, or for whichever goes on with it first. Returns its handle."""
    params: dict[str, Any] = dict(request.params)
    if request.pushed_id is None and len(str(params)) > MOST_BYTES:
        raise errors.NotLedOn(
            _("It asked for more than we keep. It can push its request (RFC 9126)."),
            reason="request_too_large",
            client_id=request.client.client_id,
        )
    handle = mint(HANDLE)
    ctx.db.add(
        StoredRequest(
            handle_hash=hash_token(handle),
            kind=RequestKind.WAY,
            client_row_id=request.client.id,
            params=params,
            browser=browser,
            pushed_id=request.pushed_id,
            created_at=ctx.now,
            expires_at=ctx.now + WAY_LIFE,
        )
    )
    return handle


def _read_again(ctx: Context, row: StoredRequest) -> Request:
    """The same checks once more: client and keys may have changed. Raises NotLedOn, Refused."""
    sent = {name: value for name, value in row.params.items() if name != "several"}
    found = request_of(ctx, sent, row.params.get("several", {}))
    return Request(found.client, found.asked, found.way_back, row.params, row.pushed_id)
