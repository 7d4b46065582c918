"""The rules of principals.

Each act first takes hold of the organization and reads the caller's role again, as those on its
members and departments do.
"""

from gatehouse.principals.service.holders import (
    add_department,
    add_member,
    end_all_places,
    end_places,
    refuse_a_way_to_root,
    refuse_giving_root_back,
    remove_department,
    remove_member,
)
from gatehouse.principals.service.principals import (
    change_principal,
    create_principal,
    delete_principal,
    remove_principals,
    remove_principals_left_by,
)

__all__ = [
    "add_department",
    "add_member",
    "change_principal",
    "create_principal",
    "delete_principal",
    "end_all_places",
    "end_places",
    "refuse_a_way_to_root",
    "refuse_giving_root_back",
    "remove_department",
    "remove_member",
    "remove_principals",
    "remove_principals_left_by",
]
