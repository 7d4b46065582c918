"""What is purged by itself."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.core.context import Context
from gatehouse.core.reactions import CALLS, Received, every, on
from gatehouse.oidc_provider.events import LogoutDue
from gatehouse.oidc_provider.models import AuthorizationCode, DeviceRequest, StoredRequest
from gatehouse.oidc_provider.service import backchannel

BATCH = 1000
KEPT = timedelta(hours=24)  # so that what is shown again is known


@on(LogoutDue, lane=CALLS)
def tell_of_the_end_of_a_session(ctx: Context, event: LogoutDue, message: Received) -> None:
    """OpenID Connect Back-Channel Logout 2.5."""
    backchannel.tell(ctx, event, message)


@every(timedelta(minutes=30))
def purge_requests(ctx: Context) -> int:
    """Delete codes and requests that ended a day ago, in small batches."""
    total = 0
    for kind in (AuthorizationCode, StoredRequest, DeviceRequest):
        over = select(kind.id).where(kind.expires_at < ctx.now - KEPT).limit(BATCH)
        gone = delete(kind).where(kind.id.in_(over.scalar_subquery()))
        total += ctx.execute(gone.execution_options(synchronize_session=False))
    return total
