"""HTTP for locking members out."""

from http import HTTPStatus
from uuid import UUID

from gatehouse.core.access import requires
from gatehouse.core.context import Context
from gatehouse.core.http import Api, body, raises, returns
from gatehouse.locks import service
from gatehouse.locks.errors import AlreadyLocked, NotLocked
from gatehouse.locks.models import UserLock
from gatehouse.locks.schemas import LockIn, LockOut
from gatehouse.organizations.errors import MemberNotFound, NotOnYourself, RankTooLow
from gatehouse.organizations.permissions import OrganizationPermission

api = Api(
    "locks",
    at="/organizations/<uuid:org_id>/users/<uuid:user_id>/lock",
    about="Locking somebody out of machines and networks, at once.",
)


@api.post()
@requires(OrganizationPermission.MANAGE_MEMBERS)
@body(LockIn)
@returns(LockOut, HTTPStatus.CREATED, key="lock")
@raises(MemberNotFound, NotOnYourself, RankTooLow, AlreadyLocked)
def lock_member(ctx: Context, org_id: UUID, user_id: UUID, *, reason: str | None) -> UserLock:
    """Lock a member out: their certificates are revoked, their sessions end, and no new ones of
    either give them machines or networks until the lock is lifted.
    """
    return service.lock(ctx, org_id, user_id, reason=reason)


@api.delete()
@requires(OrganizationPermission.MANAGE_MEMBERS)
@returns(None)
@raises(MemberNotFound, NotOnYourself, RankTooLow, NotLocked)
def unlock_member(ctx: Context, org_id: UUID, user_id: UUID) -> None:
    """Lift the lock. Nothing that ended comes back."""
    service.unlock(ctx, org_id, user_id)
