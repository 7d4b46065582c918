"""The way out, when an application asks for it (OpenID Connect RP-Initiated Logout 2)."""

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.html import Away, Go, Pages, Show, form
from gatehouse.core.rate_limit import limited
from gatehouse.core.showing import from_elsewhere, knows_browser, writes
from gatehouse.oidc_provider.schemas import LogoutIn
from gatehouse.oidc_provider.service import logout
from gatehouse.oidc_provider.service.arriving import refuse_in_both
from gatehouse.oidc_provider.service.lines import logged_dead_ends
from gatehouse.oidc_provider.service.logout import Leaving

pages = Pages("oidc_logout", opened_by_others=True)

OUT = "/oidc/logout/"


@pages.get("/oidc/logout")
@public
@writes
@from_elsewhere
@knows_browser
@limited("authorize")
def ask_by_address(ctx: Context, *, raw: bytes, browser: str) -> Go:
    return _begin(ctx, raw, browser)


@pages.post("/oidc/logout")
@public
@from_elsewhere
@knows_browser
@limited("authorize")
def ask_by_form(ctx: Context, *, raw: bytes, query: bytes, browser: str) -> Go:
    """The same by a form, which brings no cookie along that says whose session it is."""
    with logged_dead_ends(ctx):
        refuse_in_both(query, raw)
    return _begin(ctx, raw, browser)


def _begin(ctx: Context, raw: bytes, browser: str) -> Go:
    with logged_dead_ends(ctx):
        handle = logout.begin_logout(ctx, raw, browser)
    return Go(OUT + handle if handle else "/logout")


@pages.get("/oidc/logout/<handle>")
@public
@writes
@knows_browser
def show_leaving(ctx: Context, handle: str, *, browser: str) -> Show | Go | Away:
    found = logout.find_leaving(ctx, handle, browser)
    if ctx.actor.user_id is None:
        if found.back and found.is_proven:
            return Away(found.back)
        page, onward = "oidc_provider/signed_out.html", OUT + handle
        return Show(page, onward=onward, client=found.client, back=found.back)
    if found.may_skip:
        return _leave(ctx, found)
    return Show("oidc_provider/logout.html", onward=OUT + handle, handle=handle, leaving=found)


@pages.post("/oidc/logout/<handle>")
@public
@knows_browser
@form(LogoutIn, shown_by=show_leaving)
def answer_leaving(ctx: Context, handle: str, *, browser: str, answer: str) -> Go | Away:
    found = logout.find_leaving(ctx, handle, browser)
    if answer == "stay" or ctx.actor.user_id is None:
        return Go("/")
    return _leave(ctx, found)


def _leave(ctx: Context, found: Leaving) -> Go | Away:
    logout.leave(ctx, found)
    if found.back:
        return Away(found.back, ends_session=True)
    return Go("/logout", session="")
