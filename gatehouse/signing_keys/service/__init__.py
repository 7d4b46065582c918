"""Making, publishing, activating and retiring signing keys, and signing with them."""

from gatehouse.signing_keys.service.rotation import advance, plan_successors, replace_all
from gatehouse.signing_keys.service.signing import known_keys, prepare, sign, verify_own

__all__ = [
    "advance",
    "known_keys",
    "plan_successors",
    "prepare",
    "replace_all",
    "sign",
    "verify_own",
]
