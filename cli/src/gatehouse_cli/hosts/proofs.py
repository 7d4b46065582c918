"""What the keys of a machine sign: that it is to be enrolled or renewed, and nothing else."""

from typing import Any

from gatehouse_cli.failures import Refused
from gatehouse_cli.hosts.failures import NotGood
from gatehouse_cli.ssh_keys import PublicKey, sign

NAMESPACE = "ssh-host@gatehouse"
ENROLMENT = "Gatehouse: enrol this host."
RENEWAL = "Gatehouse: renew the certificates of this host."


def signature(asked: Any, key: PublicKey, *, server: str, purpose: str) -> str:
    """Sign what the server asks for. Raises Refused if that proves something else."""
    try:
        text, namespace, host = asked["challenge_text"], asked["namespace"], asked["host_id"]
        lines = text.splitlines()
    except (KeyError, TypeError, AttributeError):
        raise NotGood(f"{server} asks for no signature.") from None
    meant = lines[:1] == [purpose] and {f"server: {server}", f"host: {host}"} <= set(lines)
    if namespace != NAMESPACE or not meant:
        raise Refused(
            f"The server asks for a signature that is not for {server}. Nothing was signed. Is it"
            " the address by which it calls itself?"
        )
    return sign(key, text, NAMESPACE)
