"""What is purged by itself."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.clients.models import Client
from gatehouse.core.context import Context
from gatehouse.core.reactions import CALLS, Received, during, every, on
from gatehouse.departments.events import DepartmentDeleted, DepartmentMemberRemoved
from gatehouse.grants.models import Grant
from gatehouse.oidc_provider.events import LogoutDue
from gatehouse.oidc_provider.models import AuthorizationCode, DeviceRequest, StoredRequest
from gatehouse.oidc_provider.service import backchannel
from gatehouse.oidc_provider.service.admission import end_grants_of_who_is_out
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberSuspended,
    OwnershipTransferred,
)

BATCH = 1000
LostPlace = (
    MemberRemoved | MemberLeft | MemberSuspended | MemberRoleChanged | DepartmentMemberRemoved
)
KEPT = timedelta(hours=24)  # so that what is shown again is known


@on(LogoutDue, lane=CALLS)
def tell_of_the_end_of_a_session(ctx: Context, event: LogoutDue, message: Received) -> None:
    """OpenID Connect Back-Channel Logout 2.5."""
    backchannel.tell(ctx, event, message)


@during(MemberRemoved, MemberLeft, MemberSuspended, MemberRoleChanged, DepartmentMemberRemoved)
def end_grants_of_whoever_lost_a_place(ctx: Context, event: LostPlace) -> dict[str, int]:
    """A client may admit members of several organizations, of some roles, of some departments."""
    which = Grant.user_id == event.user_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@during(OwnershipTransferred)
def end_grants_of_a_former_owner(ctx: Context, event: OwnershipTransferred) -> dict[str, int]:
    which = Grant.user_id == event.previous_owner_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@during(DepartmentDeleted)
def end_grants_of_a_deleted_department(ctx: Context, event: DepartmentDeleted) -> dict[str, int]:
    which = Client.org_id == event.org_id
    return _told(end_grants_of_who_is_out(ctx, which, reason=event.name))


@every(timedelta(minutes=30))
def purge_requests(ctx: Context) -> int:
    """Delete codes and requests that ended a day ago, in small batches."""
    total = 0
    for kind in (AuthorizationCode, StoredRequest, DeviceRequest):
        over = select(kind.id).where(kind.expires_at < ctx.now - KEPT).limit(BATCH)
        gone = delete(kind).where(kind.id.in_(over.scalar_subquery()))
        total += ctx.execute(gone.execution_options(synchronize_session=False))
    return total


def _told(ended: int) -> dict[str, int]:
    """For the record of the act, beside what the grants domain says."""
    return {"access_ended": ended} if ended else {}
