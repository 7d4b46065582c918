"""What follows acts on clients, and what of them is purged."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from gatehouse.accounts.events import AccountDeleted, AccountDisowned, AccountSuspended
from gatehouse.clients.models import Client, ClientUse, RegistrationToken, ResourceName
from gatehouse.clients.permissions import ClientPermission
from gatehouse.clients.service.registering import purge_registration_tokens
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberSuspended,
    OrganizationDeleted,
)

BATCH = 1000
KEPT = timedelta(days=400)  # so that a month can be compared with that of the year before


@during(OrganizationDeleted)
def let_go_of_a_deleted_organization(ctx: Context, event: OrganizationDeleted) -> None:
    """Its clients are of no use any more, from the answer on. Others may have its resources."""
    ctx.outwait_leases()
    for kind in (ResourceName, RegistrationToken):
        gone = delete(kind).where(kind.org_id == event.org_id)
        ctx.execute(gone.execution_options(synchronize_session=False))


@during(MemberRemoved, MemberLeft, MemberSuspended, MemberRoleChanged)
def end_tokens_of_who_manages_no_more(
    ctx: Context, event: MemberRemoved | MemberLeft | MemberSuspended | MemberRoleChanged
) -> dict[str, int]:
    """Whoever registered a client as themselves looks after it while they manage clients there."""
    if isinstance(event, MemberRoleChanged) and may(ctx, event.new_role, ClientPermission.MANAGE):
        return {}
    return _end_tokens(ctx, event.user_id, org_id=event.org_id)


@during(AccountSuspended, AccountDisowned, AccountDeleted)
def end_registration_tokens_of_an_account(
    ctx: Context, event: AccountSuspended | AccountDisowned | AccountDeleted
) -> dict[str, int]:
    return _end_tokens(ctx, event.user_id)


def _end_tokens(ctx: Context, user_id: UUID, **where: UUID) -> dict[str, int]:
    """Let nobody register clients, nor open the registration of one, by what a person was given.
    What a program registered stays its own.
    """
    mine = {"created_by_id": user_id, **where}
    closed = update(Client).filter_by(**mine).values(registration_token_hash=None)
    is_open = Client.org_id.is_not(None) & Client.registration_token_hash.is_not(None)
    gone = delete(RegistrationToken).filter_by(**mine)
    ended = {"registrations_closed": closed.where(is_open), "registration_tokens_ended": gone}
    counts = {
        name: ctx.execute(each.execution_options(synchronize_session=False))
        for name, each in ended.items()
    }
    return {name: count for name, count in counts.items() if count}


@every(timedelta(hours=6))
def purge_clients(ctx: Context) -> int:
    """Delete registration tokens that ran out, and what clients did more than 400 days ago."""
    old = select(ClientUse.id).where(ClientUse.day < (ctx.now - KEPT).date()).limit(BATCH)
    gone = delete(ClientUse).where(ClientUse.id.in_(old.scalar_subquery()))
    uses = ctx.execute(gone.execution_options(synchronize_session=False))
    return uses + purge_registration_tokens(ctx)
