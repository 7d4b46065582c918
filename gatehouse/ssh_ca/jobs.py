"""What becomes of authorities, their keys and permissions by itself."""

from datetime import timedelta

from gatehouse.accounts.events import AccountDeleted
from gatehouse.core.context import Context
from gatehouse.core.reactions import during, every
from gatehouse.organizations.events import MemberLeft, MemberRemoved, OrganizationDeleted
from gatehouse.ssh_ca import service

Ended = dict[str, int]


@during(MemberRemoved, MemberLeft)
def end_ssh_permissions_of_who_is_out(ctx: Context, event: MemberRemoved | MemberLeft) -> Ended:
    return _told(service.end_permissions(ctx, event.user_id, event.org_id))


@during(AccountDeleted)
def end_ssh_permissions_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> Ended:
    return _told(service.end_permissions(ctx, event.user_id))


@during(OrganizationDeleted)
def delete_authorities_of_a_deleted_organization(ctx: Context, event: OrganizationDeleted) -> None:
    service.close_authorities(ctx, event.org_id)


@every(timedelta(minutes=1))
def advance_ssh_keys(ctx: Context) -> int:
    """Activate and retire the keys of authorities that are due. Returns how many."""
    return service.advance(ctx)


def _told(ended: service.PermissionsEnded) -> Ended:
    told = {"ssh_permissions_ended": ended.count, "ssh_authorities_opened": ended.opened}
    return {name: count for name, count in told.items() if count}
