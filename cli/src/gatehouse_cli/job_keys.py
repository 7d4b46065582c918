"""Keys for the time of a job: made in a folder of their own, and for the agent."""

import shutil
import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from gatehouse_cli.agents import ssh_add
from gatehouse_cli.certificates import NoCertificate, read_certificate
from gatehouse_cli.failures import Failure
from gatehouse_cli.own_key import new_key
from gatehouse_cli.places import OWN_FOLDER, own_folder, state_folder
from gatehouse_cli.ssh_keys import PublicKey, read_key

NAME = "id_ed25519"


def made_key(folder: Path | None) -> PublicKey:
    """A new key without passphrase: it is worth nothing without its certificate, which is short.

    The folder is made for it; without a name it is one below our own state, where those of jobs
    before it go.
    """
    if folder is None:
        _drop_those_that_ended(own_folder(state_folder()))
    place = folder or state_folder() / f"job-{token_hex(8)}"
    try:
        place.mkdir(OWN_FOLDER, parents=True)
    except OSError as error:
        raise Failure(f"{place} is not made: {error.strerror}.") from None
    path = place / NAME
    new_key(path, "gatehouse-job")
    return read_key(path)


def _drop_those_that_ended(place: Path) -> None:
    """A runner that lives longer than its jobs would keep a key of each. What has no certificate
    yet, another job waits for.
    """
    for path in place.glob(f"job-*/{NAME}-cert.pub"):
        with suppress(NoCertificate):
            if read_certificate(path).state(time.time()) == "expired":
                shutil.rmtree(path.parent, ignore_errors=True)


def give_to_agent(key: PublicKey, seconds: int) -> None:
    """Let the agent have key and certificate for so long, and nobody else: the files go."""
    ssh_add(key.private, seconds)
    drop(key)


def drop(key: PublicKey) -> None:
    """Delete a key that was made for a job, with its folder."""
    shutil.rmtree(key.private.parent)
