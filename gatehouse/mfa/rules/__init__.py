"""Codes, challenges, and what authenticators answer. Pure."""
