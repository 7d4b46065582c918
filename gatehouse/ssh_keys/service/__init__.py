"""The rules of SSH keys."""

from gatehouse.ssh_keys.service.keys import add_key, change_key, delete_key, read_sent_key
from gatehouse.ssh_keys.service.proving import ask_for_proof, prove_key, unproved

__all__ = [
    "add_key",
    "ask_for_proof",
    "change_key",
    "delete_key",
    "prove_key",
    "read_sent_key",
    "unproved",
]
