"""OpenSSH's own ssh-keygen as counterpart: it makes keys, signs, and reads what we made."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from subprocess import PIPE, Popen, run

from tests.tools import the_program


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


def keygen(*arguments: str | Path, given: bytes = b"", expect: tuple[int, ...] = (0,)) -> str:
    """What ``ssh-keygen`` prints."""
    done = run(  # noqa: S603
        [the_program("ssh-keygen"), *arguments],
        input=given,
        capture_output=True,
        check=False,
        timeout=30,
        env={**environ, "TZ": "UTC"},
    )
    assert done.returncode in expect, (done.stdout, done.stderr)
    return done.stdout.decode()


@contextmanager
def ssh_agent(socket: Path) -> Iterator[dict[str, str]]:
    """An agent of OpenSSH meanwhile, and what names it in the environment."""
    command = [the_program("ssh-agent"), "-D", "-a", str(socket)]
    process = Popen(command, stdout=PIPE)  # noqa: S603
    assert process.stdout is not None
    process.stdout.readline()
    yield {"SSH_AUTH_SOCK": str(socket)}
    process.terminate()
    process.communicate(timeout=10)


def ssh_add(agent: Mapping[str, str], *arguments: str | Path) -> str:
    """What ``ssh-add`` prints; it does not mind that there is no key."""
    done = run(  # noqa: S603
        [the_program("ssh-add"), *arguments],
        env={**environ, **agent},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0 or b"no identities" in done.stdout, done.stderr
    return done.stdout.decode()
