"""The agent of OpenSSH: ``ssh-add`` gives it keys, and its protocol tells what it has.

The protocol is draft-ietf-sshm-ssh-agent: a length, a type, and fields as in RFC 4251 5.
"""

import os
import socket
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from gatehouse_cli.certificates import Certificate, Reader, parsed_blob, string
from gatehouse_cli.failures import Failure
from gatehouse_cli.setups import SetUp, folder

LIST, LISTED, REMOVE, SUCCESS = 11, 12, 18, 6
LONGEST = 1024 * 1024
NO_AGENT = "There is no agent here. Start one: eval $(ssh-agent)"
NO_SSH_ADD = "There is no ssh-add here. Install OpenSSH's client."
NOT_ADDED = "ssh-add did not add {key}. Is the private key there, and its passphrase typed?"


@dataclass(frozen=True, slots=True)
class Identity:
    """A key, or a certificate with its key, that the agent has."""

    blob: bytes
    comment: str

    @property
    def certificate(self) -> Certificate | None:
        try:
            return parsed_blob(self.blob)
        except ValueError:
            return None


def identities() -> list[Identity]:
    """All that the agent has. Raises Failure where there is no agent."""
    kind, answer = _told(bytes([LIST]))
    if kind != LISTED:
        raise Failure("The agent does not say what it has.")
    try:
        reader = Reader(answer)
        count = reader.number(4)
        return [
            Identity(reader.string(), reader.string().decode(errors="replace"))
            for _ in range(count)
        ]
    except ValueError:
        raise Failure("The agent does not answer as one.") from None


def add(setup: SetUp, seconds: int) -> None:
    """Give the agent the key and its certificate, for so long."""
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".agent-") as place:
        # It looks for the certificate beside the key, which may be somewhere else.
        key = Path(place) / setup.org
        key.symlink_to(setup.key)
        Path(f"{key}-cert.pub").write_bytes(setup.certificate.read_bytes())
        ssh_add(key, seconds)


def ssh_add(key: Path, seconds: int) -> None:
    """Give the agent a key, and the certificate that is beside it."""
    program = which("ssh-add")
    if program is None:
        raise Failure(NO_SSH_ADD)
    command = [program, "-q", "-t", str(seconds), str(key)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Failure(NOT_ADDED.format(key=key.resolve()))


def remove(identity: Identity) -> None:
    kind, _ = _told(bytes([REMOVE]) + string(identity.blob))
    if kind != SUCCESS:
        raise Failure(f"The agent does not part with {identity.comment}.")


def _told(message: bytes) -> tuple[int, bytes]:
    """Ask the agent. Returns type and content of what it says."""
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        raise Failure(NO_AGENT)
    try:
        with closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(5)
            connection.connect(path)
            connection.sendall(string(message))
            size = int.from_bytes(_exactly(connection, 4))
            if not 0 < size <= LONGEST:
                raise Failure("The agent does not answer as one.")
            answer = _exactly(connection, size)
    except OSError as error:
        raise Failure(f"{NO_AGENT} ({error.strerror or error})") from None
    return answer[0], answer[1:]


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise OSError("it hung up")
        found += part
    return found
