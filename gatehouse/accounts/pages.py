"""Pages for one's own account."""

from gatehouse.accounts import service
from gatehouse.accounts.schemas import PasswordChange
from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import START, Go, Pages, Show, form
from gatehouse.core.rate_limit import limited

pages = Pages("accounts")


@pages.get("/account/password")
@signed_in
def show_password(ctx: Context) -> Show:
    del ctx
    return Show("accounts/password.html")


@pages.post("/account/password")
@signed_in
@limited("30/minute;200/hour", per="user")
@form(PasswordChange, shown_by=show_password, also=service.rules_broken_by_change)
def change_password(
    ctx: Context, *, current_password: str, new_password: str, new_password_confirm: str
) -> Go:
    """A new password, and a new token for this session: the others end."""
    del new_password_confirm
    service.change_password(ctx, current_password=current_password, new_password=new_password)
    return Go(START, renews=True, note="accounts/password_changed")
