"""Requests on their way through our pages: kept under a handle, bound to the browser, used once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from gatehouse.audit.service import record_attempt
from gatehouse.core.context import Context
from gatehouse.core.protocol import OAuthError
from gatehouse.core.tokens import hash_token, is_well_formed, mint
from gatehouse.grants.service import living_grant
from gatehouse.login.service import sign_out
from gatehouse.oidc_provider import errors
from gatehouse.oidc_provider.events import ClientEntryRefused
from gatehouse.oidc_provider.models import RequestKind, StoredRequest
from gatehouse.oidc_provider.rules.interaction import Person, Situation, Step, next_step
from gatehouse.oidc_provider.service.admission import may_enter
from gatehouse.oidc_provider.service.authorize import Request, request_of
from gatehouse.oidc_provider.service.granting import (
    SignedIn,
    covers,
    give_grant,
    issue_code,
    signed_in,
)
from gatehouse.oidc_provider.service.pushed import consume_pushed
from gatehouse.oidc_provider.service.responses import LedBack
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
    if step is Step.GRANTED and person is not None:
        return grant(ctx, request, person, agrees=False)
    if "none" in request.asked.prompt:
        return refuse(ctx, request, WITHOUT_A_PAGE[step]())
    if step is Step.STEP_UP:  # There is no factor to step up with.
        return refuse(ctx, request, errors.UnmetAuthentication())
    return Waiting(step, _keep(ctx, request, browser), request)


def go_on(ctx: Context, handle: str, browser: str) -> LedBack | Waiting:
    """Look again what is next for a request on its way. Raises WayOver."""
    way = find_way(ctx, handle, browser)
    person = signed_in(ctx)
    row = way.row
    chosen_at = row.chosen_at if person and row.user_id == person.user_id else None
    step = step_of(ctx, way.request, person, begun_at=row.created_at, chosen_at=chosen_at)
    if step is Step.GRANTED and person is not None:
        end_way(ctx, row)
        return grant(ctx, way.request, person, agrees=False)
    if step is Step.STEP_UP:
        end_way(ctx, row)
        return refuse(ctx, way.request, errors.UnmetAuthentication())
    return Waiting(step, handle, way.request)


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
    is_asked = options.consent == "required" and not client.is_trusted
    there = living_grant(ctx, person.user_id, client.id)
    agreed = has_agreed_now or not is_asked or covers(ctx, there, request.asked)
    found = Situation(
        now=ctx.now,
        begun_at=begun_at,
        chosen_at=chosen_at,
        has_agreed_now=has_agreed_now,
        agreed=agreed,
        may_enter=may_enter(ctx, client, person.user_id),
        default_max_age=options.default_max_age,
        min_acr=options.min_acr,
        always_chooses=options.prompt_select_account == "always",
    )
    known = Person(sub_of(ctx, client, person.user_id), person.auth_time, person.amr)
    return next_step(request.asked, known, found)


def grant(ctx: Context, request: Request, person: SignedIn, *, agrees: bool) -> LedBack:
    """Give a code. A request that was pushed is used up by it."""
    if request.pushed_id is not None and not consume_pushed(ctx, request.pushed_id):
        return refuse(ctx, request, errors.InvalidRequestUri())
    given = give_grant(ctx, request.client, person, request.asked, agrees=agrees)
    return request.way_back.with_code(issue_code(ctx, request.client, request.asked, given))


def refuse(ctx: Context, request: Request, error: OAuthError) -> LedBack:
    """Lead back with an error; who is turned away is on the record."""
    if isinstance(error, errors.AccessDenied) and ctx.actor.user_id is not None:
        event = ClientEntryRefused(
            org_id=request.client.org_id,
            user_id=ctx.actor.user_id,
            client_row_id=request.client.id,
            reason=error.error,
        )
        record_attempt(ctx, event)
    return request.way_back.with_error(error.error, error.description)


def find_way(ctx: Context, handle: str, browser: str) -> Way:
    """A request of this browser that is still on its way. Raises WayOver."""
    row = _row(ctx, handle)
    if row is None or row.browser != browser:
        raise errors.WayOver
    return Way(row, _read_again(ctx, row))


def way_of(ctx: Context, handle: str) -> Way:
    """A request that is still on its way, whichever browser brought it. Raises WayOver."""
    row = _row(ctx, handle)
    if row is None:
        raise errors.WayOver
    return Way(row, _read_again(ctx, row))


def peek(ctx: Context, handle: str) -> Request | None:
    """The request behind a handle, for what pages say on the way; whoever it belongs to."""
    row = _row(ctx, handle)
    return _read_again(ctx, row) if row is not None else None


def choose(ctx: Context, row: StoredRequest, user_id: UUID) -> None:
    """Note that the person goes on with this account."""
    row.user_id, row.chosen_at = user_id, ctx.now


def end_way(ctx: Context, row: StoredRequest) -> None:
    """Use the request up. Raises WayOver if that was done already."""
    statement = (
        update(StoredRequest)
        .where(StoredRequest.id == row.id, StoredRequest.consumed_at.is_(None))
        .values(consumed_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    if not ctx.execute(statement):
        raise errors.WayOver


def leave_account(ctx: Context) -> None:
    """Sign out here, to go on with another account."""
    sign_out(ctx)


def _row(ctx: Context, handle: str) -> StoredRequest | None:
    if not is_well_formed(handle, HANDLE):
        return None
    found: StoredRequest | None = ctx.db.scalar(
        select(StoredRequest).where(
            StoredRequest.handle_hash == hash_token(handle),
            StoredRequest.kind == RequestKind.WAY,
            StoredRequest.consumed_at.is_(None),
            StoredRequest.expires_at > ctx.now,
        )
    )
    return found


def _keep(ctx: Context, request: Request, browser: str) -> str:
    params: dict[str, Any] = dict(request.params)
    if request.pushed_id is None and len(str(params)) > MOST_BYTES:
        raise errors.NotLedOn(
            "It asked for more than we keep. It can push its request (RFC 9126).",
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
