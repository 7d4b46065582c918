"""Grants: what a person lets a client do for them, and the refresh tokens that live by it."""
