"""Ops: running the house. Health, demo data, serving. Stands on top of all domains."""
