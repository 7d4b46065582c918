"""What becomes of rules and of used tokens by itself."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.organizations.events import OrganizationDeleted
from gatehouse.principals.events import PrincipalChanged, PrincipalDeleted
from gatehouse.ssh_workloads import service
from gatehouse.ssh_workloads.models import WorkloadToken

PURGED_AT_ONCE = 1000


@during(OrganizationDeleted)
def delete_workload_rules_of_an_organization(
    ctx: Context, event: OrganizationDeleted
) -> dict[str, int]:
    gone = service.delete_rules(ctx, event.org_id)
    return {"ssh_workload_rules_deleted": gone} if gone else {}


@during(PrincipalDeleted, PrincipalChanged)
def end_what_jobs_have_by_a_lost_principal(
    ctx: Context, event: PrincipalDeleted | PrincipalChanged
) -> dict[str, int]:
    """A principal of another name is another one."""
    name = event.old_title if isinstance(event, PrincipalChanged) else event.title
    if isinstance(event, PrincipalChanged) and name == event.title:
        return {}
    rules, gone = service.end_with_principal(ctx, event.org_id, name, reason=event.name)
    told = {"ssh_workload_rules_switched_off": rules, "ssh_workload_certificates_revoked": gone}
    return {name: count for name, count in told.items() if count}


@every(timedelta(minutes=10))
def purge_workload_tokens(ctx: Context) -> int:
    """Forget used tokens of jobs that have expired. Returns how many there were."""
    old = select(WorkloadToken.id).where(WorkloadToken.expires_at <= ctx.now)
    return ctx.execute(delete(WorkloadToken).where(WorkloadToken.id.in_(old.limit(PURGED_AT_ONCE))))
