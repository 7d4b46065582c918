"""What a machine knows of itself between two runs."""

from dataclasses import asdict, dataclass, field
from typing import Any

from gatehouse_cli.hosts.failures import NotEnrolled
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.places import read_secret, write_own
from gatehouse_cli.ssh_keys import PublicKey

ANEW = "Enrol this machine anew: gatehouse host enroll TOKEN"
NOT_ENROLLED = "This machine is not enrolled. An admin gives a token: gatehouse host enroll TOKEN"


@dataclass(slots=True, kw_only=True)
class State:
    """``signer`` is the key that signs revocation lists, as it was told at enrolment.

    ``keys`` are files of host keys with their lines; ``files`` what sshd uses, with its SHA-256.
    ``revoked`` are those of keys that the organization has revoked.
    ``drop_in``: whether lines for sshd are ours to write; ``complete``: whether all was in place
    once; ``reload_due``: whether sshd has yet to be told of new certificates. ``fresh_at`` is when
    all was last in place that the server tells, in seconds since 1970.
    """

    server: str
    host_id: str
    credential: str
    organization: str
    signer: str
    krl_url: str
    keys: dict[str, str]
    drop_in: bool
    revoked: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    host_ca: list[str] = field(default_factory=list)
    bundle: str = ""
    etag: str = ""
    krl_version: int | None = None
    krl_generated: int = 0
    fresh_at: float = 0
    complete: bool = False
    reload_due: bool = False
    files: dict[str, str] = field(default_factory=dict)

    def write(self, machine: Machine) -> None:
        write_own(machine.state, asdict(self))


def read_state(machine: Machine) -> State:
    """Raises NotEnrolled."""
    found: Any = read_secret(machine.state, ANEW)
    if found is None:
        raise NotEnrolled(NOT_ENROLLED)
    try:
        return State(**found)
    except TypeError:
        raise NotEnrolled(f"{machine.state} is damaged. {ANEW}") from None


def as_kept(keys: list[PublicKey]) -> dict[str, str]:
    return {str(key.path): " ".join(key.text.split()[:2]) for key in keys}
