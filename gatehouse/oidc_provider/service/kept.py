"""The end of a request that is kept under a handle: each is used once."""

from uuid import UUID

from sqlalchemy import update

from gatehouse.core.context import Context
from gatehouse.oidc_provider.models import StoredRequest


def use_up(ctx: Context, row_id: UUID) -> bool:
    """Use a request up. Of many who try, one does."""
    statement = (
        update(StoredRequest)
        .where(StoredRequest.id == row_id, StoredRequest.consumed_at.is_(None))
        .values(consumed_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    return ctx.execute(statement) == 1
