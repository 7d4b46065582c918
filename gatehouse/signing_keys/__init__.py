"""Signing keys: the keys that our tokens are signed with, from being published to being retired."""
