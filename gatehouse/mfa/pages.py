"""The pages on which people look after their second factors."""

from gatehouse.core.access import elevated, signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Go, Pages, Show, form
from gatehouse.mfa import queries, service
from gatehouse.mfa.schemas import TypedCodeIn
from gatehouse.mfa.service.pictures import qr_code

pages = Pages("mfa")

HERE, APP = "/security", "/security/app"


@pages.get(HERE)
@signed_in
def show_factors(ctx: Context) -> Show:
    return Show("mfa/factors.html", **queries.status_of(ctx))


@pages.post(APP)
@signed_in
@elevated
def begin(ctx: Context) -> Go:
    service.enrol_totp(ctx)
    return Go(APP)


@pages.get(APP)
@signed_in
@elevated
def show_app(ctx: Context) -> Show | Go:
    begun = service.find_enrolment(ctx)
    if begun is None:
        return Go(HERE)
    return Show("mfa/app.html", secret=begun.secret, picture=qr_code(begun.uri))


@pages.post("/security/app/confirm")
@signed_in
@form(TypedCodeIn, shown_by=show_app)
def confirm(ctx: Context, *, code: str) -> Show:
    """The codes to recover with are shown here and nowhere again."""
    service.confirm_totp(ctx, code.replace(" ", ""))
    return Show("mfa/codes.html", codes=service.grouped(service.renew_codes(ctx)))


@pages.post("/security/app/remove")
@signed_in
@elevated
def remove(ctx: Context) -> Go:
    service.remove_totp(ctx)
    return Go(HERE, note="mfa/removed")


@pages.post("/security/codes")
@signed_in
@elevated
def renew(ctx: Context) -> Show:
    return Show("mfa/codes.html", codes=service.grouped(service.renew_codes(ctx)))
