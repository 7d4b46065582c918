"""HTTP for the clients of an organization, and for the tokens that register some."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from gatehouse.clients import queries, service
from gatehouse.clients.errors import (
    ClientHasNoSecret,
    ClientIsBuiltIn,
    OperatorsTrust,
    OwnersOpenToAll,
    ResourceTaken,
    TooManyClients,
    TooManyRegistrationTokens,
)
from gatehouse.clients.models import RegistrationToken
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.schemas import (
    ClientChanges,
    ClientIn,
    ClientOut,
    ClientRowOut,
    DaysIn,
    NewClientOut,
    NewRegistrationTokenOut,
    RegistrationTokenIn,
    RegistrationTokenOut,
    RotationIn,
    StatisticsOut,
)
from gatehouse.clients.service.checking import also_wrong
from gatehouse.clients.service.managing import Made
from gatehouse.core.access import requires
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page, Window, paginate
from gatehouse.core.rate_limit import limited

api = Api(
    "clients",
    at="/organizations/<uuid:org_id>/clients",
    about="Applications that sign people in through Gatehouse.",
)


@api.get()
@requires(ClientPermission.READ)
@query(Window)
@returns(ClientRowOut, key="clients", paged=True)
def list_clients(ctx: Context, org_id: UUID, *, page: int, per_page: int) -> Page[Any]:
    """List the clients of an organization by name."""
    return queries.page_of_clients(ctx, org_id, page=page, per_page=per_page)


@api.post()
@requires(ClientPermission.MANAGE)
@limited("300/hour", per="user")
@body(ClientIn, also=also_wrong)
@returns(NewClientOut, HTTPStatus.CREATED, key="client")
@raises(OwnersOpenToAll, OperatorsTrust, TooManyClients, ResourceTaken)
def create_client(ctx: Context, org_id: UUID, **fields: Any) -> dict[str, Any]:
    """Create a client. Its secret is in this answer, and never again."""
    return _new(service.create_client(ctx, org_id, **fields))


@api.get("/<uuid:client_row_id>")
@requires(ClientPermission.READ)
@returns(ClientOut, key="client")
def read_client(ctx: Context, org_id: UUID, client_row_id: UUID) -> dict[str, Any]:
    """Read a client with all its settings."""
    return queries.shown(queries.get_client(ctx, org_id, client_row_id))


@api.patch("/<uuid:client_row_id>")
@requires(ClientPermission.MANAGE)
@body(ClientChanges, partial=True, also=also_wrong)
@returns(ClientOut, key="client")
@raises(OwnersOpenToAll, OperatorsTrust, ClientIsBuiltIn, ResourceTaken)
def change_client(
    ctx: Context, org_id: UUID, client_row_id: UUID, **changes: Any
) -> dict[str, Any]:
    """Change settings; what you do not send stays. Switching it off ends its tokens at once."""
    return queries.shown(service.change_client(ctx, org_id, client_row_id, **changes))


@api.delete("/<uuid:client_row_id>")
@requires(ClientPermission.MANAGE)
@returns(None)
@raises(ClientIsBuiltIn)
def delete_client(ctx: Context, org_id: UUID, client_row_id: UUID) -> None:
    """Delete a client. Its tokens end at once, and people's consents with them."""
    service.delete_client(ctx, org_id, client_row_id)


@api.post("/<uuid:client_row_id>/rotate-secret")
@requires(ClientPermission.MANAGE)
@limited("300/hour", per="user")
@body(RotationIn)
@returns(NewClientOut, key="client")
@raises(ClientHasNoSecret, ClientIsBuiltIn)
def rotate_client_secret(
    ctx: Context, org_id: UUID, client_row_id: UUID, *, overlap_seconds: int
) -> dict[str, Any]:
    """Give a client a new secret. The one before it holds for the overlap; 0 ends it now."""
    made = service.rotate_secret(ctx, org_id, client_row_id, overlap_seconds=overlap_seconds)
    return _new(made)


@api.get("/<uuid:client_row_id>/statistics")
@requires(ClientPermission.READ)
@query(DaysIn)
@returns(StatisticsOut, key="statistics")
def read_client_statistics(
    ctx: Context, org_id: UUID, client_row_id: UUID, *, days: int
) -> dict[str, Any]:
    """Tell how often a client was used on each of the last days, by kind. A minute behind."""
    client = queries.get_client(ctx, org_id, client_row_id)
    return queries.statistics_of(ctx, client, days=days)


@api.get("/registration-tokens")
@requires(ClientPermission.MANAGE)
@query(Window)
@returns(RegistrationTokenOut, key="registration_tokens", paged=True)
def list_registration_tokens(
    ctx: Context, org_id: UUID, *, page: int, per_page: int
) -> Page[RegistrationToken]:
    """List the tokens with which programs may register clients, the newest first."""
    return paginate(ctx, queries.registration_tokens_of(org_id), page=page, per_page=per_page)


@api.post("/registration-tokens")
@requires(ClientPermission.MANAGE)
@limited("300/hour", per="user")
@body(RegistrationTokenIn)
@returns(NewRegistrationTokenOut, HTTPStatus.CREATED, key="registration_token")
@raises(TooManyRegistrationTokens)
def create_registration_token(
    ctx: Context, org_id: UUID, *, uses: int, hours: int
) -> dict[str, Any]:
    """Make a token that registers so many clients at /oidc/register. It is told this once."""
    minted = service.create_registration_token(ctx, org_id, uses=uses, hours=hours)
    shown = ("id", "uses_left", "created_at", "expires_at")
    return {**{name: getattr(minted.row, name) for name in shown}, "token": minted.token}


@api.delete("/registration-tokens/<uuid:registration_token_id>")
@requires(ClientPermission.MANAGE)
@returns(None)
def revoke_registration_token(ctx: Context, org_id: UUID, registration_token_id: UUID) -> None:
    """Revoke such a token. Clients that it registered stay."""
    service.revoke_registration_token(ctx, org_id, registration_token_id)


def _new(made: Made) -> dict[str, Any]:
    return {**queries.shown(made.client), "client_secret": made.secret}
