"""The pages on the way to an application: consent, the choice of an account, and where it ends."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from gatehouse.accounts.queries import own_account
from gatehouse.core.access import public, signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Away, Go, Leave, Pages, Show, form
from gatehouse.core.rate_limit import limited
from gatehouse.core.showing import from_elsewhere, knows_browser, writes
from gatehouse.oidc_provider.rules.interaction import Step
from gatehouse.oidc_provider.schemas import ChoiceIn, ConsentIn
from gatehouse.oidc_provider.service import consents, ways
from gatehouse.oidc_provider.service.arriving import read_request, refuse_in_both
from gatehouse.oidc_provider.service.authorize import Refused
from gatehouse.oidc_provider.service.lines import log_refusal, logged_dead_ends
from gatehouse.oidc_provider.service.responses import LedBack
from gatehouse.oidc_provider.service.ways import Waiting
from gatehouse.signing_keys.service import prepare

pages = Pages("oidc_provider", opened_by_others=True)

ON = "/oidc/continue/"

View = TypeVar("View", bound=Callable[..., Any])


def leads_back(view: View) -> View:
    """Tell the client of a request that is not right, or is so no longer, by the browser. The log
    learns of it as well.
    """

    @wraps(view)
    def led(ctx: Context, *given: Any, **named: Any) -> Any:
        try:
            with logged_dead_ends(ctx):
                return view(ctx, *given, **named)
        except Refused as refused:
            said = refused.error
            log_refusal(ctx, refused.client, said)
            return _away(refused.way_back.with_error(said.error, said.description))

    return led  # type: ignore[return-value]


@pages.get("/oidc/authorize")
@public
@writes
@from_elsewhere
@knows_browser
@limited("authorize")
@leads_back
def authorize_by_address(ctx: Context, *, raw: bytes, browser: str) -> Away | Go | Leave:
    prepare(ctx)
    return _lead(ctx, ways.begin(ctx, read_request(ctx, raw), browser))


@pages.post("/oidc/authorize")
@public
@from_elsewhere
@limited("authorize")
@leads_back
def authorize_by_form(ctx: Context, *, raw: bytes, query: bytes) -> Away | Go:
    """The same by a form. What another site posts brings no cookie that says who it is, or which
    browser: a page of ours that is asked for next finds both (RFC 6265bis 5.6.7.1).
    """
    prepare(ctx)
    refuse_in_both(query, raw)
    return Go(ON + ways.keep(ctx, read_request(ctx, raw), None))


@pages.get("/oidc/continue/<handle>")
@public
@writes
@knows_browser
@leads_back
def go_on(ctx: Context, handle: str, *, browser: str) -> Away | Go | Leave:
    return _lead(ctx, ways.go_on(ctx, handle, browser))


@pages.get("/oidc/consent/<handle>")
@signed_in
@knows_browser
@leads_back
def show_consent(ctx: Context, handle: str, *, browser: str) -> Show | Away:
    way = ways.find_way(ctx, handle, browser)
    terms = consents.terms_of(ctx, way.request, handle)
    return Show("oidc_provider/consent.html", onward=ON + handle, handle=handle, terms=terms)


@pages.post("/oidc/consent/<handle>")
@signed_in
@knows_browser
@form(ConsentIn, shown_by=show_consent)
@leads_back
def answer_consent(
    ctx: Context, handle: str, *, browser: str, answer: str, terms: str
) -> Away | Go | Leave:
    says_yes = answer == "allow"
    return _lead(ctx, consents.answer_consent(ctx, handle, browser, says_yes=says_yes, mark=terms))


@pages.get("/oidc/accounts/<handle>")
@signed_in
@knows_browser
@leads_back
def show_accounts(ctx: Context, handle: str, *, browser: str) -> Show | Away:
    return _show_account(ctx, "oidc_provider/accounts.html", handle, browser)


@pages.post("/oidc/accounts/<handle>")
@signed_in
@knows_browser
@form(ChoiceIn, shown_by=show_accounts)
@leads_back
def choose_account(ctx: Context, handle: str, *, browser: str, answer: str) -> Away | Go | Leave:
    if answer == "cancel":
        return _away(consents.give_up(ctx, handle, browser))
    if answer == "other":
        ways.leave_account(ctx)
        return Go(ON + handle, session="")
    return _lead(ctx, consents.answer_choice(ctx, handle, browser))


@pages.get("/oidc/demand/<handle>")
@signed_in
@knows_browser
@leads_back
def show_demand(ctx: Context, handle: str, *, browser: str) -> Show | Away | Go:
    """What an organization demands, and where to set it up. Then it goes on."""
    request = ways.find_way(ctx, handle, browser).request
    error = ways.policy_against(ctx, request)
    if error is None:
        return Go(ON + handle)
    return Show(
        "oidc_provider/demand.html",
        onward=ON + handle,
        handle=handle,
        client=request.client,
        missing=error.details.get("missing_methods", ()),
        path=ON + handle,
    )


@pages.get("/oidc/no-access/<handle>")
@signed_in
@knows_browser
@leads_back
def show_no_access(ctx: Context, handle: str, *, browser: str) -> Show | Away:
    return _show_account(ctx, "oidc_provider/no_access.html", handle, browser)


def _show_account(ctx: Context, template: str, handle: str, browser: str) -> Show:
    """A page about the account that is signed in, on the way to an application."""
    request = ways.find_way(ctx, handle, browser).request
    user = own_account(ctx)
    return Show(
        template,
        onward=ON + handle,
        handle=handle,
        user=user,
        client=request.client,
        is_other_wanted=ways.expects_another(ctx, request, user.id),
        is_of_place=ways.is_of_place(ctx, request, user.id),
    )


PAGES = {
    Step.SIGN_IN: "/login",
    Step.CONFIRM: "/reauthenticate",
    Step.STEP_UP: "/reauthenticate/code",
    Step.STEP_UP: "/reauthenticate/code",
    Step.ENROL: "/oidc/demand/",
    Step.CHOOSE: "/oidc/accounts/",
    Step.OTHER_PERSON: "/oidc/accounts/",
    Step.CONSENT: "/oidc/consent/",
    Step.NO_ACCESS: "/oidc/no-access/",
}


def _lead(ctx: Context, found: LedBack | Waiting) -> Away | Go | Leave:
    """Where the browser goes: to the application, to a page of ours, or where LOGIN_UI_URL has them
    (docs/bridge.md).
    """
    if isinstance(found, LedBack):
        return _away(found)
    if ctx.settings.login_ui_url:
        return Leave(f"{ctx.settings.login_ui_url}/login?oidc_session_id={found.handle}")
    path = PAGES[found.step]
    if path.endswith("/"):
        return Go(path + found.handle)
    if found.step is Step.SIGN_IN and "create" in found.request.asked.prompt:
        path = "/register"
    return Go(path, next=ON + found.handle)


def _away(to: LedBack) -> Away:
    return Away(to.url, to.fields, ui_locales=to.ui_locales)
