"""What becomes of hosts and their tokens by itself."""

from datetime import timedelta

from gatehouse.core.context import Context
from gatehouse.core.reactions import every
from gatehouse.ssh_hosts import service


@every(timedelta(hours=1))
def purge_ssh_host_tokens(ctx: Context) -> int:
    """Delete enrolment tokens that are over for a week. Returns how many there were."""
    return service.purge_tokens(ctx)


@every(timedelta(minutes=10))
def watch_ssh_hosts(ctx: Context) -> int:
    """Put on record which hosts did not renew their certificates in time. Returns how many."""
    return service.tell_what_is_due(ctx)
