"""Keys for the time of a job: made by ssh-keygen in a folder of their own, and for the agent."""

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from gatehouse_cli.certificates import NoCertificate, read_certificate
from gatehouse_cli.failures import Failure
from gatehouse_cli.places import OWN_FOLDER, own_folder, state_folder
from gatehouse_cli.ssh_keys import NO_KEYGEN, PublicKey, read_key

NAME = "id_ed25519"
NO_AGENT = "There is no ssh-add here. Install OpenSSH's client."


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
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gatehouse-job", "-f", str(path))
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
    _run("ssh-add", "-q", "-t", str(seconds), str(private_of(key)))
    drop(key)


def drop(key: PublicKey) -> None:
    """Delete a key that was made for a job, with its folder."""
    assert key.path is not None  # noqa: S101 - it was made in a file
    shutil.rmtree(key.path.parent)


def private_of(key: PublicKey) -> Path:
    assert key.path is not None  # noqa: S101 - it was made in a file
    return key.path.with_suffix("")


def certificate_of(key: PublicKey) -> Path:
    """Where its certificate belongs: beside it, where ssh finds it."""
    assert key.path is not None  # noqa: S101 - it was made in a file
    return key.path.with_name(f"{key.path.stem}-cert.pub")


def _run(name: str, *arguments: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise Failure(NO_KEYGEN if name == "ssh-keygen" else NO_AGENT)
    done = subprocess.run(  # noqa: S603
        [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        says = done.stderr.decode(errors="replace").strip()
        raise Failure(f"{name} did not do it: {says or done.returncode}")
    return done.stdout.decode(errors="replace")
