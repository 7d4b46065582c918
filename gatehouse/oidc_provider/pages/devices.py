"""The pages on which a person lets a device in (RFC 8628 3.3)."""

from urllib.parse import parse_qs
from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Go, Pages, Show, form
from gatehouse.core.rate_limit import limited
from gatehouse.core.showing import from_elsewhere
from gatehouse.oidc_provider.rules.devices import spoken, user_code_of
from gatehouse.oidc_provider.schemas import ConsentIn, DeviceCodeIn
from gatehouse.oidc_provider.service import approving

pages = Pages("devices")


@pages.get("/device")
@signed_in
@from_elsewhere
def show_device(ctx: Context, *, raw: bytes = b"") -> Show:
    """Whoever opens the link of a device has done nothing yet: it only fills in the code."""
    del ctx
    linked = parse_qs(raw.decode("ascii", "replace")).get("user_code", [""])[0]
    code = user_code_of(linked)
    return Show("oidc_provider/device.html", linked=spoken(code) if code else "")


@pages.post("/device")
@signed_in
@limited("device")
@form(DeviceCodeIn, shown_by=show_device)
def enter_code(ctx: Context, *, user_code: str, is_from_link: bool) -> Go:
    request_id = approving.enter_code(ctx, user_code, is_from_link=is_from_link)
    if request_id is None:
        return Go("/device", note="oidc_provider/type_the_code")
    return Go(f"/device/{request_id}")


@pages.get("/device/<request_id>")
@signed_in
def show_device_request(ctx: Context, request_id: UUID) -> Show | Go:
    found = approving.find_waiting(ctx, request_id)
    if approving.is_stale(ctx, found):
        return Go("/reauthenticate", next=f"/device/{request_id}")
    terms = approving.terms_of(ctx, found)
    return Show("oidc_provider/device_request.html", terms=terms)


@pages.post("/device/<request_id>")
@signed_in
@form(ConsentIn, shown_by=show_device_request)
def answer_device(ctx: Context, request_id: UUID, *, answer: str, terms: str) -> Go | Show:
    says_yes = answer == "allow"
    if not approving.answer_device(ctx, request_id, says_yes=says_yes, mark=terms):
        return Go(f"/device/{request_id}")
    return Show("oidc_provider/device_done.html", says_yes=says_yes)
