"""What applications ask of a person by their back channel: the list, and the answer."""

from uuid import UUID

from gatehouse.core.access import signed_in
from gatehouse.core.context import Context
from gatehouse.core.html import Go, Pages, Show, form
from gatehouse.oidc_provider.schemas import ConsentIn
from gatehouse.oidc_provider.service import approving
from gatehouse.oidc_provider.service.ciba import KIND

pages = Pages("requests")


@pages.get("/requests")
@signed_in
def show_requests(ctx: Context) -> Show:
    return Show("oidc_provider/requests.html", requests=approving.waiting_for_me(ctx))


@pages.get("/requests/<request_id>")
@signed_in
def show_request(ctx: Context, request_id: UUID) -> Show | Go:
    found = approving.find_waiting(ctx, request_id, KIND)
    if approving.is_stale(ctx, found):
        return Go("/reauthenticate", next=f"/requests/{request_id}")
    terms = approving.terms_of(ctx, found)
    return Show("oidc_provider/request.html", terms=terms)


@pages.post("/requests/<request_id>")
@signed_in
@form(ConsentIn, shown_by=show_request)
def answer_request(ctx: Context, request_id: UUID, *, answer: str, terms: str) -> Go | Show:
    says_yes = answer == "allow"
    if not approving.answer_device(ctx, request_id, says_yes=says_yes, mark=terms, kind=KIND):
        return Go(f"/requests/{request_id}")
    return Show("oidc_provider/request_done.html", says_yes=says_yes)
