"""HTTP for what applications may do: for oneself, and for whoever an organization has."""

from uuid import UUID

from gatehouse.clients.permissions import ClientPermission
from gatehouse.core.access import requires, signed_in
from gatehouse.core.context import Context
from gatehouse.core.http import Api, query, returns
from gatehouse.core.pagination import Page, Window, paginate_rows
from gatehouse.grants import queries, service
from gatehouse.grants.queries import Consent
from gatehouse.grants.schemas import ConsentOut, EndedTokensOut

api = Api("consents", at="/users/me/consents", about="What applications may do for you.")

organization_api = Api(
    "tokens", at="/organizations/<uuid:org_id>", about="Ending what applications may do."
)


@api.get()
@signed_in
@query(Window)
@returns(ConsentOut, key="consents", paged=True)
def list_consents(ctx: Context, *, page: int, per_page: int) -> Page[Consent]:
    """List what applications may do for you, the newest first."""
    rows = queries.consents_of(ctx.user_id)
    return paginate_rows(ctx, rows, page=page, per_page=per_page).map(queries.consent_of)


@api.delete("/<uuid:consent_id>")
@signed_in
@returns(None)
def revoke_consent(ctx: Context, consent_id: UUID) -> None:
    """Take back what an application may do for you; its tokens are refused from then on."""
    service.revoke_consent(ctx, ctx.user_id, consent_id)


@organization_api.delete("/clients/<uuid:client_row_id>/tokens")
@requires(ClientPermission.MANAGE)
@returns(EndedTokensOut)
def end_client_tokens(ctx: Context, org_id: UUID, client_row_id: UUID) -> dict[str, int]:
    """End all tokens of a client, and what people agreed to; each of them is asked anew."""
    return {"ended": service.end_tokens_of_client(ctx, org_id, client_row_id)}


@organization_api.delete("/tokens")
@requires(ClientPermission.MANAGE)
@returns(EndedTokensOut)
def end_organization_tokens(ctx: Context, org_id: UUID) -> dict[str, int]:
    """End all tokens of an organization's clients, and what people agreed to."""
    return {"ended": service.end_tokens_of_organization(ctx, org_id)}
