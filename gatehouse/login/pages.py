"""The start page, and the pages of coming in and going out."""

from typing import Any
from uuid import UUID

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.queries import find_account, is_reserved
from gatehouse.accounts.rules import email_key
from gatehouse.accounts.service import find_link
from gatehouse.core.access import public, signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import START, Go, Leave, Pages, Show, ShowOver, form
from gatehouse.core.rate_limit import limited
from gatehouse.core.showing import knows_browser
from gatehouse.login import queries, service
from gatehouse.login.errors import RegistrationClosed, SignedInAlready
from gatehouse.login.schemas import (
    AcceptIn,
    ClaimIn,
    LoginIn,
    PostedPasskeyIn,
    PostedSignInIn,
    ReauthenticateIn,
    RegisterIn,
    TypedCodeIn,
)
from gatehouse.organizations.service import find_invite
from gatehouse.policies.queries import compliance_of
from gatehouse.recovery.queries import own_pending_reset
from gatehouse.sessions.service import remembered_until

pages = Pages("login")


@pages.get("/")
@public
def show_start(ctx: Context) -> Show:
    if ctx.actor.user_id is None:
        return Show("login/welcome.html", may_register=ctx.settings.registration_enabled)
    places = compliance_of(ctx, ctx.user_id)["orgs"]
    return Show(
        "login/start.html",
        **queries.read_me(ctx),
        reset=own_pending_reset(ctx),
        demands=[place for place in places if place["missing_methods"]],
        must_verify=ctx.settings.require_verified_email,
    )


@pages.get("/login")
@public
@knows_browser
def show_login(ctx: Context, browser: str) -> Show | Go | Leave:
    if ctx.actor.user_id is not None:
        return Go()
    if ctx.settings.login_ui_url:
        return Leave(f"{ctx.settings.login_ui_url}/login")
    return Show(
        "login/login.html",
        may_register=ctx.settings.registration_enabled,
        may_remember=ctx.settings.sessions.remember_idle is not None,
        passkey=service.begin_in_browser(ctx, browser),
    )


@pages.post("/login")
@public
@limited("login")
@knows_browser
@form(LoginIn, shown_by=show_login)
def log_in(ctx: Context, browser: str, *, email: str, password: str, remember_me: bool) -> Go:
    _refuse_a_second_person(ctx)
    entry = service.sign_in(
        ctx, email=email, password=password, remember_me=remember_me, browser=browser
    )
    if entry.pending is not None:
        return Go(f"/login/{entry.pending.id}", keeps_next=True)
    return _inside(ctx, entry)


@pages.post("/login/passkey")
@public
@limited("login")
@knows_browser
@form(PostedSignInIn, shown_by=show_login)
def log_in_with_passkey(
    ctx: Context, browser: str, *, passkey: dict[str, Any], remember_me: bool
) -> Go:
    _refuse_a_second_person(ctx)
    entry = service.sign_in_here(ctx, browser, passkey["given"], remember_me=remember_me)
    return _inside(ctx, entry)


@pages.get("/login/<uuid:pending_id>")
@public
@knows_browser
def show_factor(ctx: Context, pending_id: UUID, browser: str) -> Show | Go:
    if ctx.actor.user_id is not None:
        return Go()
    asked = service.find_pending(ctx, pending_id, browser)
    if asked is None:
        return ShowOver("login/factor_over.html")
    return Show("login/factor.html", path=f"/login/{pending_id}", asked=asked)


@pages.post("/login/<uuid:pending_id>")
@public
@limited("login")
@knows_browser
@form(TypedCodeIn, shown_by=show_factor)
def answer_factor(ctx: Context, pending_id: UUID, browser: str, *, code: str) -> Go:
    _refuse_a_second_person(ctx)
    return _inside(ctx, service.answer_in_browser(ctx, pending_id, browser, code))


@pages.post("/login/<uuid:pending_id>/passkey")
@public
@limited("login")
@knows_browser
@form(PostedPasskeyIn, shown_by=show_factor)
def answer_with_passkey(
    ctx: Context, pending_id: UUID, browser: str, *, passkey: dict[str, Any]
) -> Go:
    _refuse_a_second_person(ctx)
    return _inside(ctx, service.answer_with_passkey(ctx, pending_id, browser, passkey["given"]))


@pages.get("/register")
@public
def show_register(ctx: Context) -> Show | Go | Leave:
    if ctx.actor.user_id is not None:
        return Go()
    if not ctx.settings.registration_enabled:
        raise RegistrationClosed
    if ctx.settings.login_ui_url:
        return Leave(f"{ctx.settings.login_ui_url}/register")
    return Show("login/register.html")


@pages.post("/register")
@public
@limited("register")
@form(RegisterIn, shown_by=show_register, also=service.rules_broken_by_registration)
def register(ctx: Context, *, email: str, password: str, full_name: str | None) -> Go:
    _refuse_a_second_person(ctx)
    entry, _ = service.register(ctx, email=email, password=password, full_name=full_name)
    return Go(session=entry.token, note="login/registered")


@pages.get("/activate/<token>")
@public
def show_activate(ctx: Context, token: str) -> Show:
    link = find_link(ctx, token, LinkPurpose.ACTIVATE)
    if link is None:
        return ShowOver("accounts/over.html", purpose=LinkPurpose.ACTIVATE.value)
    return Show("login/activate.html", path=f"/activate/{token}", email=link.email)


@pages.post("/activate/<token>")
@public
@limited("reset")
@form(ClaimIn, shown_by=show_activate)
def activate(ctx: Context, token: str, *, password: str) -> Go:
    _refuse_a_second_person(ctx)
    entry = service.activate(ctx, token=token, password=password)
    return Go(START, session=entry.token, note="login/claimed")


@pages.get("/invite/<token>")
@public
@limited("30/minute;200/hour")
def show_invite(ctx: Context, token: str) -> Show:
    offer = find_invite(ctx, token)
    if offer is None:
        return ShowOver("login/invite_over.html")
    me = find_account(ctx, ctx.actor.user_id) if ctx.actor.user_id else None
    other = me.email if me and me.email_key != email_key(offer.email) else None
    return Show(
        "login/invite.html",
        path=f"/invite/{token}",
        offer=offer,
        signed_in_as=other,
        ends_a_way_back=is_reserved(ctx, offer.email),
    )


@pages.post("/invite/<token>")
@public
@limited("reset")
@form(AcceptIn, shown_by=show_invite)
def accept_invite(ctx: Context, token: str, *, full_name: str | None, password: str | None) -> Go:
    *_, entry = service.accept_invitation(ctx, token=token, password=password, full_name=full_name)
    return Go(START, session=entry.token if entry else None, note="login/joined")


@pages.get("/logout")
@public
def show_logout(ctx: Context) -> Show:
    return Show("login/logout.html" if ctx.actor.user_id else "login/signed_out.html")


@pages.post("/logout")
@signed_in
def log_out(ctx: Context) -> Go:
    service.sign_out(ctx)
    return Go(START, session="", note="login/signed_out")


@pages.get("/reauthenticate")
@signed_in
def show_reauthenticate(ctx: Context) -> Show:
    return Show(
        "login/reauthenticate.html",
        user=queries.read_me(ctx)["user"],
        asked=service.ask_to_confirm(ctx),
    )


@pages.post("/reauthenticate")
@signed_in
@form(ReauthenticateIn, shown_by=show_reauthenticate)
def reauthenticate(ctx: Context, *, password: str) -> Go:
    """The same session with fresh proof, under a new token."""
    service.reauthenticate(ctx, password=password)
    return Go(renews=True)


@pages.get("/reauthenticate/code")
@signed_in
def show_step_up(ctx: Context) -> Show:
    asked = service.ask_to_confirm(ctx)
    return Show("login/factor.html", path="/reauthenticate/code", asked=asked)


@pages.post("/reauthenticate/code")
@signed_in
@form(TypedCodeIn, shown_by=show_step_up)
def step_up(ctx: Context, *, code: str) -> Go:
    """The same session has proved more, under a new token."""
    service.reauthenticate_with_typed(ctx, code)
    return Go(renews=True)


@pages.post("/reauthenticate/code/passkey")
@signed_in
@form(PostedPasskeyIn, shown_by=show_step_up)
def step_up_with_passkey(ctx: Context, *, passkey: dict[str, Any]) -> Go:
    """The same by a passkey."""
    service.reauthenticate_with_passkey(ctx, passkey["given"])
    return Go(renews=True)


def _inside(ctx: Context, entry: service.Entry) -> Go:
    return Go(session=entry.token, until=remembered_until(ctx, entry.session))


def _refuse_a_second_person(ctx: Context) -> None:
    """Whoever is signed in signs out first: nobody takes over what another began."""
    if ctx.actor.user_id is not None:
        raise SignedInAlready
