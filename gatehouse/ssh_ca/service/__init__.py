"""The rules of certificate authorities."""

from gatehouse.ssh_ca.service.authorities import (
    PermissionsEnded,
    change_authority,
    close_authorities,
    create_authority,
    delete_authority,
    end_permissions,
    give_permission,
    take_permissions,
)
from gatehouse.ssh_ca.service.keys import (
    MAKERS,
    keyring_of,
    new_key_for_once,
    open_key,
    rewrap_keys,
)
from gatehouse.ssh_ca.service.policies import (
    change_department_policy,
    change_organization_policy,
)
from gatehouse.ssh_ca.service.rotation import (
    activate,
    advance,
    compromise,
    distrust,
    end_sealed,
    retire,
    rotate,
)

__all__ = [
    "MAKERS",
    "PermissionsEnded",
    "activate",
    "advance",
    "change_authority",
    "change_department_policy",
    "change_organization_policy",
    "close_authorities",
    "compromise",
    "create_authority",
    "delete_authority",
    "distrust",
    "end_permissions",
    "end_sealed",
    "give_permission",
    "keyring_of",
    "new_key_for_once",
    "open_key",
    "retire",
    "rewrap_keys",
    "rotate",
    "take_permissions",
]
