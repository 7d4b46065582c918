"""The page of the applications that a person lets act for them."""

from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Go, Pages, Show
from gatehouse.grants import queries, service

pages = Pages("grants")

HERE = "/applications"


@pages.get("/applications")
@signed_in
def show_applications(ctx: Context) -> Show:
    return Show("grants/applications.html", consents=queries.applications_of(ctx))


@pages.post("/applications/<uuid:consent_id>/end")
@signed_in
def end_application(ctx: Context, consent_id: UUID) -> Go:
    service.revoke_consent(ctx, ctx.user_id, consent_id)
    return Go(HERE, note="grants/ended")
