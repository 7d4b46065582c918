"""Outbox: what is still to be done about an act that was committed."""
