"""The page behind the link in the mail of an approval."""

from gatehouse.core.access import public
from gatehouse.core.context import Context
from gatehouse.core.html import START, Go, Pages, Show, ShowOver
from gatehouse.core.rate_limit import limited
from gatehouse.recovery import service

pages = Pages("recovery")


@pages.get("/factor-reset/<token>")
@public
def show_factor_reset(ctx: Context, token: str) -> Show:
    """Looking uses nothing up."""
    if service.find_by_link(ctx, token) is None:
        return ShowOver("recovery/over.html")
    return Show("recovery/cancel.html", path=f"/{service.PAGE}/{token}")


@pages.post("/factor-reset/<token>")
@public
@limited("reset")
def cancel_factor_reset(ctx: Context, token: str) -> Go:
    service.cancel_by_link(ctx, token)
    return Go(START, note="recovery/cancelled")
