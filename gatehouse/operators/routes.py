"""HTTP for other people's accounts: operators see and end all, admins whom they administer."""

from typing import Any
from uuid import UUID

from gatehouse.accounts.errors import UserIsSoleOwner
from gatehouse.core.access import elevated, operators_only, signed_in
from gatehouse.core.context import Context
from gatehouse.core.errors import Conflict, Forbidden
from gatehouse.core.http import Api, body, query, raises, returns
from gatehouse.core.pagination import Page
from gatehouse.operators import queries, service
from gatehouse.operators.errors import ConfirmationRequired
from gatehouse.operators.schemas import (
    DeletedPersonOut,
    DeletePersonIn,
    ListedAccountOut,
    PeopleQuery,
    PersonWithPlacesOut,
)
from gatehouse.organizations.errors import NotOnYourself, OwnerProtection

api = Api("admin", at="/admin/users", about="Other people's accounts, for operators and admins.")


@api.get()
@signed_in
@query(PeopleQuery)
@returns(ListedAccountOut, key="users", paged=True)
@raises(Forbidden)
def list_people(
    ctx: Context, *, q: str, page: int, per_page: int, cursor: UUID | None
) -> Page[dict[str, Any]]:
    """List all accounts as an operator, or the people you administer, the newest first."""
    return queries.page_of_people(ctx, q=q, page=page, per_page=per_page, cursor=cursor)


@api.get("/<uuid:user_id>")
@signed_in
@returns(PersonWithPlacesOut)
@raises(Forbidden)
def read_person(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """Read somebody's account and memberships, as far as they are yours to see."""
    return queries.read_person(ctx, user_id)


@api.post("/<uuid:user_id>/suspend")
@signed_in
@returns(PersonWithPlacesOut)
@raises(NotOnYourself, Forbidden, OwnerProtection, Conflict)
def suspend_person(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """Suspend the account as an operator; as an admin, the memberships where you outrank them."""
    service.suspend(ctx, user_id)
    return queries.read_person(ctx, user_id)


@api.post("/<uuid:user_id>/unsuspend")
@signed_in
@returns(PersonWithPlacesOut)
@raises(NotOnYourself, Forbidden, OwnerProtection, Conflict)
def unsuspend_person(ctx: Context, user_id: UUID) -> dict[str, Any]:
    """Give the account back as an operator; as an admin, the memberships."""
    service.unsuspend(ctx, user_id)
    return queries.read_person(ctx, user_id)


@api.post("/<uuid:user_id>/delete")
@operators_only
@elevated
@body(DeletePersonIn)
@returns(DeletedPersonOut)
@raises(ConfirmationRequired, NotOnYourself, UserIsSoleOwner)
def delete_person(ctx: Context, user_id: UUID, *, confirm: bool) -> dict[str, Any]:
    """Delete somebody's account for good, as an operator. Needs a sign-in within 10 minutes."""
    gone = service.delete(ctx, user_id, confirm=confirm)
    return {
        "deleted_user_id": user_id,
        "deleted_user_email": gone.email,
        "ssh_keys_deleted": gone.ssh_keys,
        "certs_revoked": gone.certificates,
    }
