"""What happens to departments by itself."""

from gatehouse.accounts.events import AccountDeleted
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.reactions import during
from gatehouse.departments import service
from gatehouse.departments.permissions import DepartmentPermission
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    OrganizationDeleted,
)

Ended = dict[str, list[str]]


@during(MemberRemoved, MemberLeft)
def end_places_of_who_is_out(ctx: Context, event: MemberRemoved | MemberLeft) -> Ended:
    return _told(service.end_places(ctx, event.org_id, event.user_id))


@during(MemberRoleChanged)
def end_places_of_a_new_guest(ctx: Context, event: MemberRoleChanged) -> Ended:
    if may(ctx, event.new_role, DepartmentPermission.READ):
        return {}
    return _told(service.end_places(ctx, event.org_id, event.user_id))


@during(AccountDeleted)
def end_places_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> Ended:
    service.remove_departments_left_by(ctx, event.user_id)
    return _told(service.end_all_places(ctx, event.user_id))


@during(OrganizationDeleted)
def remove_departments_of_a_deleted_organization(ctx: Context, event: OrganizationDeleted) -> None:
    service.remove_departments(ctx, event.org_id)


def _told(left: list[str]) -> Ended:
    """The record says which they were, so that an auditor finds when a right ended."""
    return {"departments_left": left} if left else {}
