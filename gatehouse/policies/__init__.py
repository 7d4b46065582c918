"""Policies: what organizations demand of their members' sign-ins."""
