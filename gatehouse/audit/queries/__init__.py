"""Reading the record: lists for people, and what its seals are made of."""

from gatehouse.audit.queries.entries import (
    Filters,
    Line,
    Reach,
    audit_entries,
    entries_of,
    own_entries,
    reach_of,
    read_batch,
    read_lines,
)

__all__ = [
    "Filters",
    "Line",
    "Reach",
    "audit_entries",
    "entries_of",
    "own_entries",
    "reach_of",
    "read_batch",
    "read_lines",
]
