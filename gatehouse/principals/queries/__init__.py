"""Reading principals: what an organization has, and what a person may use."""

from gatehouse.principals.queries.principals import (
    Counted,
    counted,
    departments_open_to,
    find_link,
    find_place,
    find_principal,
    get_principal,
    page_of_members,
    page_of_principals,
    principal_counts,
    principals,
    principals_of,
    principals_of_department,
    read_principal,
    shown_place,
)
from gatehouse.principals.queries.usable import (
    Usable,
    Way,
    effective_principals,
    page_of_memberships,
    page_of_own_principals,
)

__all__ = [
    "Counted",
    "Usable",
    "Way",
    "counted",
    "departments_open_to",
    "effective_principals",
    "find_link",
    "find_place",
    "find_principal",
    "get_principal",
    "page_of_members",
    "page_of_memberships",
    "page_of_own_principals",
    "page_of_principals",
    "principal_counts",
    "principals",
    "principals_of",
    "principals_of_department",
    "read_principal",
    "shown_place",
]
