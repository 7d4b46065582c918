"""Making, publishing, activating and retiring signing keys, and signing with them."""

from gatehouse.signing_keys.service.rotation import advance, replace_all
from gatehouse.signing_keys.service.signing import known_keys, prepare, sign, verify_own

__all__ = ["advance", "known_keys", "prepare", "replace_all", "sign", "verify_own"]
