"""OpenSSH's own ssh-keygen as counterpart: it makes keys, signs, and reads what we made."""

from dataclasses import dataclass
from os import environ
from pathlib import Path
from shutil import which
from subprocess import run

import pytest


@dataclass(frozen=True)
class KeyFile:
    """A key pair that ssh-keygen made."""

    path: Path

    @property
    def public(self) -> str:
        return self.path.with_name(f"{self.path.name}.pub").read_text()

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -lf`` prints it."""
        return keygen("-lf", f"{self.path}.pub").split()[1]

    def sign(self, text: str | bytes, namespace: str) -> str:
        message = text.encode() if isinstance(text, str) else text
        return keygen("-q", "-Y", "sign", "-n", namespace, "-f", str(self.path), given=message)


def make_key(
    folder: Path, kind: str = "ed25519", bits: int | None = None, comment: str = ""
) -> KeyFile:
    """``kind`` is as for ``ssh-keygen -t``."""
    path = folder / f"{kind}-{bits or 'usual'}-{len(list(folder.iterdir()))}"
    size = ("-b", str(bits)) if bits else ()
    keygen("-q", "-t", kind, *size, "-N", "", "-C", comment, "-f", str(path))
    return KeyFile(path)


def ssh_keygen() -> str:
    """The program. Where there is none the test is left out; not in CI."""
    program = which("ssh-keygen")
    if program is None and not environ.get("CI"):
        pytest.skip("ssh-keygen not found: scripts/install_test_tools.sh installs it")
    return program or "ssh-keygen"


def keygen(*arguments: str | Path, given: bytes = b"", expect: tuple[int, ...] = (0,)) -> str:
    """What ``ssh-keygen`` prints."""
    done = run(  # noqa: S603
        [ssh_keygen(), *arguments],
        input=given,
        capture_output=True,
        check=False,
        timeout=30,
        env={**environ, "TZ": "UTC"},
    )
    assert done.returncode in expect, (done.stdout, done.stderr)
    return done.stdout.decode()
