"""What is purged by itself."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.core.context import Context
from gatehouse.core.reactions import every
from gatehouse.oidc_provider.models import AuthorizationCode, DeviceRequest, StoredRequest

BATCH = 1000
KEPT = timedelta(hours=24)  # so that what is shown again is known


@every(timedelta(minutes=30))
def purge_requests(ctx: Context) -> int:
    """Delete codes and requests that ended a day ago, in small batches."""
    total = 0
    for kind in (AuthorizationCode, StoredRequest, DeviceRequest):
        over = select(kind.id).where(kind.expires_at < ctx.now - KEPT).limit(BATCH)
        gone = delete(kind).where(kind.id.in_(over.scalar_subquery()))
        total += ctx.execute(gone.execution_options(synchronize_session=False))
    return total
