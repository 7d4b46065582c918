"""Programs of OpenSSH on this machine. root's PATH need not have them."""

import os
import subprocess
from pathlib import Path
from shutil import which

from gatehouse_cli.failures import Failure
from gatehouse_cli.ssh_keys import NO_KEYGEN

WHERE = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin:/sbin"


def ssh_keygen() -> str:
    found = which("ssh-keygen", path=WHERE)
    if found is None:
        raise Failure(NO_KEYGEN)
    return found


def sshd() -> str:
    """sshd wants its whole path: it starts itself again for each client."""
    found = which("sshd", path=WHERE)
    if found is None:
        raise Failure("There is no sshd here.")
    return found


def run(*command: str | Path, given: str | bytes = b"") -> "subprocess.CompletedProcess[str]":
    """Run one to its end, with this on its stdin. What it says is text."""
    raw = given.encode() if isinstance(given, str) else given
    done = subprocess.run(list(command), input=raw, capture_output=True, check=False)  # noqa: S603
    out, err = (said.decode(errors="replace") for said in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)
