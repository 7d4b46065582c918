"""Pages for one's own account."""

from gatehouse.accounts import queries, service
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.schemas import AddressIn, NewPasswordIn, PasswordChange
from gatehouse.core.access import public, signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import START, Go, Pages, Show, ShowOver, form
from gatehouse.core.rate_limit import limited

pages = Pages("accounts")


@pages.get("/account/password")
@signed_in
def show_password(ctx: Context) -> Show:
    return Show("accounts/password.html", email=queries.own_account(ctx).email)


@pages.post("/account/password")
@signed_in
@limited("30/minute;200/hour", per="user")
@form(PasswordChange, shown_by=show_password, also=service.rules_broken_by_change)
def change_password(ctx: Context, *, current_password: str, new_password: str) -> Go:
    """A new password, and a new token for this session: the others end."""
    service.change_password(ctx, current_password=current_password, new_password=new_password)
    return Go(START, renews=True, note="accounts/password_changed")


@pages.post("/account/verification")
@signed_in
@limited("forgot")
def send_verification(ctx: Context) -> Go:
    """Another link to confirm one's own address."""
    service.ask_for_link(ctx, email=queries.own_account(ctx).email, purpose=LinkPurpose.VERIFY)
    return Go(START, note="accounts/verification_asked")


@pages.get("/forgot-password")
@public
def show_forgot_password(ctx: Context) -> Show:
    del ctx
    return Show("accounts/forgot.html")


@pages.post("/forgot-password")
@public
@limited("forgot")
@form(AddressIn, shown_by=show_forgot_password)
def forgot_password(ctx: Context, *, email: str) -> Go:
    """The same for every address, whoever has it."""
    service.ask_for_link(ctx, email=email, purpose=LinkPurpose.RESET)
    return Go("/login", note="accounts/link_asked", keeps_next=True)


@pages.get("/reset-password/<token>")
@public
def show_reset_password(ctx: Context, token: str) -> Show:
    """Looking uses nothing up."""
    return _page_of_link(ctx, token, LinkPurpose.RESET, "accounts/reset.html")


@pages.post("/reset-password/<token>")
@public
@limited("reset")
@form(NewPasswordIn, shown_by=show_reset_password)
def reset_password(ctx: Context, token: str, *, password: str) -> Go:
    service.reset_password(ctx, token=token, password=password)
    return Go("/login", note="accounts/password_reset")


@pages.get("/verify-email/<token>")
@public
def show_verify_email(ctx: Context, token: str) -> Show:
    return _page_of_own_link(ctx, token, LinkPurpose.VERIFY, "accounts/verify.html")


@pages.post("/verify-email/<token>")
@public
@limited("reset")
def verify_email(ctx: Context, token: str) -> Go:
    service.verify_email(ctx, token=token, only_own=ctx.settings.require_verified_email)
    return Go(START, note="accounts/email_verified")


@pages.get("/confirm-email/<token>")
@public
def show_confirm_email(ctx: Context, token: str) -> Show:
    return _page_of_own_link(ctx, token, LinkPurpose.CONFIRM, "accounts/confirm.html")


@pages.post("/confirm-email/<token>")
@public
@limited("reset")
def confirm_email(ctx: Context, token: str) -> Go:
    service.confirm_new_address(ctx, token=token, only_own=ctx.settings.require_verified_email)
    return Go(START, note="accounts/email_changed")


@pages.get("/undo-email-change/<token>")
@public
def show_undo_email_change(ctx: Context, token: str) -> Show:
    return _page_of_link(ctx, token, LinkPurpose.UNDO, "accounts/undo.html")


@pages.post("/undo-email-change/<token>")
@public
@limited("reset")
def undo_email_change(ctx: Context, token: str) -> Go:
    service.undo_change_of_address(ctx, token=token)
    return Go("/login", note="accounts/email_change_undone")


def _page_of_link(ctx: Context, token: str, purpose: LinkPurpose, template: str) -> Show:
    """The form of a link; or that it holds no more, before anybody chooses a password for it."""
    link = service.find_link(ctx, token, purpose)
    if link is None:
        return ShowOver("accounts/over.html", purpose=purpose.value)
    # Reset links go to the address of the account; a way back goes to the one before.
    email = link.email if purpose is LinkPurpose.RESET else ""
    return Show(template, path=f"/{service.PAGES[purpose]}/{token}", email=email)


def _page_of_own_link(ctx: Context, token: str, purpose: LinkPurpose, template: str) -> Show:
    """The same for a link that counts only from a session of its account: the way there.

    Where nobody has to verify an address, from anywhere.
    """
    link = service.find_link(ctx, token, purpose)
    if link is None:
        return ShowOver("accounts/over.html", purpose=purpose.value)
    path = f"/{service.PAGES[purpose]}/{token}"
    is_own = link.user_id == ctx.actor.user_id or not ctx.settings.require_verified_email
    return Show(template, path=path, is_own=is_own, address=link.address)
