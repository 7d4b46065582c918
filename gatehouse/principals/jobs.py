"""What happens to principals by itself."""

from gatehouse.accounts.events import AccountDeleted
from gatehouse.core.access import may
from gatehouse.core.context import Context
from gatehouse.core.reactions import during
from gatehouse.departments.events import DepartmentMemberAdded
from gatehouse.organizations.events import (
    MemberLeft,
    MemberRemoved,
    MemberRoleChanged,
    MemberUnsuspended,
    OrganizationDeleted,
)
from gatehouse.principals import service
from gatehouse.principals.permissions import PrincipalPermission

Ended = dict[str, list[str]]


@during(MemberRemoved, MemberLeft)
def end_principals_of_who_is_out(ctx: Context, event: MemberRemoved | MemberLeft) -> Ended:
    return _told(service.end_places(ctx, event.org_id, event.user_id))


@during(MemberRoleChanged)
def end_principals_of_a_new_guest(ctx: Context, event: MemberRoleChanged) -> Ended:
    if may(ctx, event.new_role, PrincipalPermission.USE):
        return {}
    return _told(service.end_places(ctx, event.org_id, event.user_id))


@during(DepartmentMemberAdded)
def refuse_root_through_a_department(ctx: Context, event: DepartmentMemberAdded) -> None:
    service.refuse_a_way_to_root(ctx, event.org_id, event.department_id)


@during(MemberUnsuspended)
def refuse_root_with_a_membership(ctx: Context, event: MemberUnsuspended) -> None:
    service.refuse_giving_root_back(ctx, event.org_id, event.user_id)


@during(AccountDeleted)
def end_principals_of_a_deleted_account(ctx: Context, event: AccountDeleted) -> Ended:
    service.remove_principals_left_by(ctx, event.user_id)
    return _told(service.end_all_places(ctx, event.user_id))


@during(OrganizationDeleted)
def remove_principals_of_a_deleted_organization(ctx: Context, event: OrganizationDeleted) -> None:
    service.remove_principals(ctx, event.org_id)


def _told(left: list[str]) -> Ended:
    """The record says which they were, so that an auditor finds when a right ended."""
    return {"principals_left": left} if left else {}
