"""Pushed authorization requests (RFC 9126): kept for a minute, used up by the code."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from gatehouse.core.context import Context
from gatehouse.oidc_provider.models import StoredRequest

PUSHED = "gpr_"
URN = "urn:ietf:params:oauth:request_uri:"
PUSHED_LIFE = timedelta(seconds=60)


def consume_pushed(ctx: Context, row_id: UUID) -> bool:
    """Use a pushed request up. Of many who try, one does."""
    statement = (
        update(StoredRequest)
        .where(StoredRequest.id == row_id, StoredRequest.consumed_at.is_(None))
        .values(consumed_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    return ctx.execute(statement) == 1
