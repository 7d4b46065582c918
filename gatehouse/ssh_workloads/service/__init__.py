"""The rules of workloads."""

from gatehouse.ssh_workloads.service.managing import (
    change_rule,
    create_rule,
    delete_rule,
    delete_rules,
    end_with_principal,
)
from gatehouse.ssh_workloads.service.signing import NAMESPACE, Asked, sign

__all__ = [
    "NAMESPACE",
    "Asked",
    "change_rule",
    "create_rule",
    "delete_rule",
    "delete_rules",
    "end_with_principal",
    "sign",
]
