"""The rules of hosts."""

from gatehouse.ssh_hosts.service.hosts import change_host, create_host, delete_host, revoke_host
from gatehouse.ssh_hosts.service.tokens import Minted, make_token, purge_tokens

__all__ = [
    "Minted",
    "change_host",
    "create_host",
    "delete_host",
    "make_token",
    "purge_tokens",
    "revoke_host",
]
