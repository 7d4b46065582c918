"""Reading policies, and how people stand to them."""

from gatehouse.policies.queries.due import (
    DAY,
    mailed,
    past_due,
    suspended_but_compliant,
    to_be_reminded,
)
from gatehouse.policies.queries.facts import COMPLIANCES, facts
from gatehouse.policies.queries.policies import (
    demands_anything,
    override_of,
    policies,
    policy_of,
    preview,
)
from gatehouse.policies.queries.standings import (
    Standing,
    compliance_of,
    find_standing,
    find_standing_of_anybody,
    models_listed,
    page_of_compliance,
    proof_of_session,
    standing_of,
    standings_of,
    who_would_miss,
)

__all__ = [
    "COMPLIANCES",
    "DAY",
    "Standing",
    "compliance_of",
    "demands_anything",
    "facts",
    "find_standing",
    "find_standing_of_anybody",
    "mailed",
    "models_listed",
    "override_of",
    "page_of_compliance",
    "past_due",
    "policies",
    "policy_of",
    "preview",
    "proof_of_session",
    "standing_of",
    "standings_of",
    "suspended_but_compliant",
    "to_be_reminded",
    "who_would_miss",
]
