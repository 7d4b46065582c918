"""Domains: which names of the DNS an organization has proven to be its own."""
