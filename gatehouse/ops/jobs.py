"""What the house does for itself."""

from datetime import timedelta

from gatehouse.core import idempotency
from gatehouse.core.context import Context
from gatehouse.core.reactions import every


@every(timedelta(minutes=10))
def purge_expired(ctx: Context) -> int:
    """Delete expired counters and values of the SQL store, in small batches."""
    return ctx.runtime.guards.purge()


@every(timedelta(hours=1))
def purge_idempotency_keys(ctx: Context) -> int:
    """Delete answers that were kept for 24 hours under an Idempotency-Key, in small batches."""
    return idempotency.purge(ctx)
