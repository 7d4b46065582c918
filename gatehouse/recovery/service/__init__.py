"""The rules of resetting lost factors."""

from gatehouse.recovery.service.approving import approve_as_operator, approve_for_member
from gatehouse.recovery.service.cancelling import (
    cancel_as_operator,
    cancel_by_link,
    cancel_for_member,
    cancel_own,
    cancel_silently,
    delete_resets,
)
from gatehouse.recovery.service.doing import do_next, start_to_wait
from gatehouse.recovery.service.links import PAGE, find_by_link, web_address_of

__all__ = [
    "PAGE",
    "approve_as_operator",
    "approve_for_member",
    "cancel_as_operator",
    "cancel_by_link",
    "cancel_for_member",
    "cancel_own",
    "cancel_silently",
    "delete_resets",
    "do_next",
    "find_by_link",
    "start_to_wait",
    "web_address_of",
]
