"""What the record does for itself."""

from datetime import timedelta

from gatehouse.audit import service
from gatehouse.core.context import Context
from gatehouse.core.reactions import every


@every(timedelta(minutes=1))
def seal_audit(ctx: Context) -> int:
    """Close entries of the record that are older than a minute into a sealed block."""
    return service.seal_block(ctx)


@every(timedelta(days=1))
def purge_audit(ctx: Context) -> int:
    """Delete sealed blocks of the record that are older than AUDIT_RETENTION_DAYS."""
    return service.purge_blocks(ctx)
