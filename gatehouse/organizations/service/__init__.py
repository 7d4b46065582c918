"""The rules of organizations."""

from gatehouse.organizations.service.everywhere import suspend_everywhere, unsuspend_everywhere
from gatehouse.organizations.service.invites import (
    find_invite,
    glance_at_invite,
    invitations,
    invite,
    look_at_invite,
    own_invites,
    purge_invites,
    resend_invite,
    revoke_invite,
    still_holds,
    take_invite,
    was_sent_after,
    web_address_of,
)
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
    end_tokens,
    find_and_lock,
    hold_as,
    purge_organizations,
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
    "end_tokens",
    "find_and_lock",
    "find_invite",
    "glance_at_invite",
    "hold_as",
    "invitations",
    "invite",
    "leave",
    "look_at_invite",
    "own_invites",
    "purge_invites",
    "purge_organizations",
    "remove_member",
    "resend_invite",
    "revoke_invite",
    "seat_owner",
    "still_holds",
    "suspend_everywhere",
    "suspend_member",
    "take_invite",
    "transfer_ownership",
    "unsuspend_everywhere",
    "unsuspend_member",
    "was_sent_after",
    "web_address_of",
]
