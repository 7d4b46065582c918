"""What can happen to the reset of lost factors."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from gatehouse.core.events import AccountEvent


class CancelReason(StrEnum):
    """Who cancelled it: the person, signed in or by the link of their mail, somebody who may
    approve it, or the job, which says why.
    """

    PERSON = "person"
    LINK = "link"
    APPROVER = "approver"
    FACTOR_USED = "factor_used"
    NO_FACTORS = "no_factors"
    APPROVER_MAY_NOT = "approver_may_not"
    NOT_IN_CARE = "not_in_care"
    TOO_OLD = "too_old"


@dataclass(frozen=True, kw_only=True)
class ResetApproved(AccountEvent):
    name = "recovery.reset_approved"
    says = "Somebody approved that all second factors are taken from an account, in a day."
    resource = "factor_reset"

    factor_reset_id: UUID


@dataclass(frozen=True, kw_only=True)
class ResetCancelled(AccountEvent):
    name = "recovery.reset_cancelled"
    says = "An approved reset of second factors was cancelled."
    resource = "factor_reset"

    factor_reset_id: UUID
    reason: CancelReason


@dataclass(frozen=True, kw_only=True)
class ResetDone(AccountEvent):
    name = "recovery.reset_done"
    says = "An approved reset of second factors was done: the account has none any more."
    resource = "factor_reset"

    factor_reset_id: UUID
