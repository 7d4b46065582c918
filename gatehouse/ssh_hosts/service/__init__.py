"""The rules of hosts."""

from gatehouse.ssh_hosts.service.enrolling import Enrolled, ask_to_enrol, enrol
from gatehouse.ssh_hosts.service.hosts import change_host, create_host, delete_host, revoke_host
from gatehouse.ssh_hosts.service.renewing import Nonce, ask_to_renew, renew
from gatehouse.ssh_hosts.service.syncing import known_host, note_seen
from gatehouse.ssh_hosts.service.tokens import Minted, make_token, purge_tokens
from gatehouse.ssh_hosts.service.watching import tell_what_is_due

__all__ = [
    "Enrolled",
    "Minted",
    "Nonce",
    "ask_to_enrol",
    "ask_to_renew",
    "change_host",
    "create_host",
    "delete_host",
    "enrol",
    "known_host",
    "make_token",
    "note_seen",
    "purge_tokens",
    "renew",
    "revoke_host",
    "tell_what_is_due",
]
