"""What follows acts on clients, and what of them is purged."""

from datetime import timedelta

from sqlalchemy import delete, select

from gatehouse.clients.models import ClientUse, RegistrationToken, ResourceName
from gatehouse.clients.service.registering import purge_registration_tokens
from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.organizations.events import OrganizationDeleted

BATCH = 1000
KEPT = timedelta(days=400)  # so that a month can be compared with that of the year before


@during(OrganizationDeleted)
def let_go_of_a_deleted_organization(ctx: Context, event: OrganizationDeleted) -> None:
    """Its clients are of no use any more, from the answer on. Others may have its resources."""
    ctx.outwait_leases()
    for kind in (ResourceName, RegistrationToken):
        gone = delete(kind).where(kind.org_id == event.org_id)
        ctx.execute(gone.execution_options(synchronize_session=False))


@every(timedelta(hours=6))
def purge_clients(ctx: Context) -> int:
    """Delete registration tokens that ran out, and what clients did more than 400 days ago."""
    old = select(ClientUse.id).where(ClientUse.day < (ctx.now - KEPT).date()).limit(BATCH)
    gone = delete(ClientUse).where(ClientUse.id.in_(old.scalar_subquery()))
    uses = ctx.execute(gone.execution_options(synchronize_session=False))
    return uses + purge_registration_tokens(ctx)
