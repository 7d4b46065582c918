"""The rules of organizations."""

from gatehouse.organizations.service.members import (
    add_member,
    change_role,
    leave,
    remove_member,
    suspend_member,
    unsuspend_member,
)
from gatehouse.organizations.service.organizations import (
    change_organization,
    create_organization,
    delete_organization,
    hold_as,
)
from gatehouse.organizations.service.ownership import (
    end_memberships,
    seat_owner,
    transfer_ownership,
)

__all__ = [
    "add_member",
    "change_organization",
    "change_role",
    "create_organization",
    "delete_organization",
    "end_memberships",
    "hold_as",
    "leave",
    "remove_member",
    "seat_owner",
    "suspend_member",
    "transfer_ownership",
    "unsuspend_member",
]
