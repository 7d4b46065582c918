"""The rules of policies."""

from gatehouse.policies.service.changing import change_override, change_policy, preview_policy
from gatehouse.policies.service.enforcing import (
    forget_old_suspensions,
    remind,
    remind_of_deadlines,
    suspend_overdue,
)
from gatehouse.policies.service.forgetting import forget_member
from gatehouse.policies.service.gate import (
    barred,
    bars_tokens,
    refuse_standing,
    refuse_unmet,
    what_bars,
)

__all__ = [
    "barred",
    "bars_tokens",
    "change_override",
    "change_policy",
    "forget_member",
    "forget_old_suspensions",
    "preview_policy",
    "refuse_standing",
    "refuse_unmet",
    "remind",
    "remind_of_deadlines",
    "suspend_overdue",
    "what_bars",
]
