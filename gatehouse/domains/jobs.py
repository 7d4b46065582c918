"""What happens to domains by itself."""

from datetime import timedelta

from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.domains import service
from gatehouse.organizations.events import OrganizationDeleted


@during(OrganizationDeleted)
def free_domains_of_a_deleted_organization(
    ctx: Context, event: OrganizationDeleted
) -> dict[str, int]:
    return {"domains_removed": service.forget_domains(ctx, event.org_id)}


@every(timedelta(hours=1), waits=True, longest=timedelta(minutes=50))
def recheck_domains(ctx: Context) -> int:
    """Look daily whether proven domains still are; one without its record for 7 days is lost."""
    return service.check_next(ctx)


@every(timedelta(days=1))
def purge_claims(ctx: Context) -> int:
    """Delete claims of domains that nobody has proven for 90 days, in small batches."""
    return service.purge_claims(ctx)
