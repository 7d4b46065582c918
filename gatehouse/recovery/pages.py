"""Cancelling a reset: behind the link in its mail, and from the start page."""

from uuid import UUID

from gatehouse.core.access import public, signed_in
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


@pages.post("/factor-resets/<uuid:reset_id>/cancel")
@signed_in
def cancel_own_factor_reset(ctx: Context, reset_id: UUID) -> Go:
    service.cancel_own(ctx, reset_id)
    return Go(START, note="recovery/cancelled")
