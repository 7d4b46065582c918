"""SSH keys on this machine: their public halves, and signatures that OpenSSH's ssh-keygen makes."""

import re
import subprocess
import tempfile
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from gatehouse_cli.certificates import NoCertificate, fingerprint, key_blob_of
from gatehouse_cli.failures import Failure, Misused, Refused

NAMESPACE = "ssh-key-verify@gatehouse"
LONGEST = 16 * 1024
TYPE = re.compile(r"[a-z0-9@.-]{1,64}")
MAKE_ONE = "Make one: ssh-keygen -t ed25519"
NO_KEYGEN = "There is no ssh-keygen here. Install OpenSSH's client, 8.2 or newer."
DID_NOT_SIGN = (
    "ssh-keygen did not sign with {fingerprint}. Is its private key on this machine or in the"
    " agent (ssh-add -l)? Without a terminal, a key with a passphrase has to be in the agent."
)
TOUCH = "This is a security key: touch it when it blinks, and type its PIN if it asks for one."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The one line of a ``.pub`` file, and where that is, if it is anywhere."""

    text: str
    path: Path | None = None

    @property
    def type(self) -> str:
        return self.text.split()[0]

    @property
    def blob(self) -> bytes:
        return b64decode(self.text.split()[1])

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -lf`` prints it."""
        return fingerprint(self.blob)

    @property
    def name(self) -> str:
        """What ``gatehouse key`` knows it by."""
        return str(self.path) if self.path else self.fingerprint

    @property
    def private(self) -> Path:
        """Where its private half is, if it is beside it."""
        return self._beside("")

    @property
    def certificate(self) -> Path:
        """Where ssh looks for its certificate by itself."""
        return self._beside("-cert.pub")

    def _beside(self, ending: str) -> Path:
        if self.path is None:
            raise Misused("This key is in no file.")
        return self.path.with_name(f"{self.path.name.removesuffix('.pub')}{ending}")

    @property
    def is_of_hardware(self) -> bool:
        return self.type.startswith("sk-")


def read_key(path: Path) -> PublicKey:
    """The public key of a file, or of the ``.pub`` beside it. A private one goes nowhere."""
    path = path.expanduser().absolute()
    beside = path.with_name(f"{path.name}.pub")
    if path.suffix != ".pub" and beside.exists():
        path = beside
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST).strip()
    except UnicodeDecodeError:
        raise Misused(f"{path} is no public SSH key.") from None
    except OSError as error:
        raise Misused(f"{path} is not read: {error.strerror}.") from None
    if "PRIVATE KEY" in text:
        raise Misused(
            f"{path} is a private key: it stays here. Its public half: ssh-keygen -y -f {path}"
        )
    key = parsed(text, path)
    if key is None:
        raise Misused(f"{path} is no public SSH key.")
    return key


def parsed(text: str, path: Path | None = None) -> PublicKey | None:
    """A line that looks like a public key. Whether it is one, the server judges."""
    words = text.split()
    if "\n" in text or len(words) < 2 or not TYPE.fullmatch(words[0]):  # noqa: PLR2004
        return None
    try:
        b64decode(words[1], validate=True)
    except (NotBase64, ValueError):
        return None
    return PublicKey(text, path)


def own_keys() -> dict[Path, PublicKey]:
    """The keys in ``~/.ssh`` that have one of OpenSSH's own names."""
    paths = sorted((Path.home() / ".ssh").glob("id_*.pub"))
    return {path: read_key(path) for path in paths if not path.name.endswith("-cert.pub")}


def the_one_key() -> PublicKey:
    """The key that somebody means who names none."""
    found = own_keys()
    if not found:
        raise Failure(f"There is no key in {Path.home() / '.ssh'}. {MAKE_ONE}")
    if len(found) > 1:
        names = "".join(f"\n  gatehouse key add {path}" for path in found)
        raise Misused(f"There are several keys. Which one?{names}")
    return next(iter(found.values()))


def check_challenge(text: str, namespace: str, *, server: str, key: PublicKey) -> None:
    """See that what we are to sign proves this key to this server, and nothing to anybody else.

    Raises Refused where it does not.
    """
    lines = text.splitlines()
    wanted = {f"server: {server}", f"key: {key.fingerprint}"}
    if namespace != NAMESPACE or not wanted <= set(lines):
        raise Refused(
            f"The server asks for a signature that is not for this key at {server}. Nothing was"
            " signed."
        )


def sign(key: PublicKey, text: str, namespace: str = NAMESPACE) -> str:
    """What ``ssh-keygen -Y sign`` writes. It takes the agent, or the file beside the public key;
    it asks for a passphrase on the terminal by itself.
    """
    with _file_of(key) as path:
        signed = keygen("-q", "-Y", "sign", "-n", namespace, "-f", str(path), given=text)
    if signed is None:
        raise Failure(DID_NOT_SIGN.format(fingerprint=key.fingerprint))
    return signed


def keygen(*arguments: str, given: str = "", is_heard: bool = True) -> str | None:
    """What ssh-keygen prints, or None where it fails: it says why by itself, if it ``is_heard``.

    Raises Failure where there is none.
    """
    program = which("ssh-keygen")
    if program is None:
        raise Failure(NO_KEYGEN)
    done = subprocess.run(  # noqa: S603
        [program, *arguments],
        input=given.encode(),
        stdout=subprocess.PIPE,
        stderr=None if is_heard else subprocess.DEVNULL,
        check=False,
    )
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


@contextmanager
def _file_of(key: PublicKey) -> Iterator[Path]:
    """Its file, or one of it in ``~/.ssh``; of a key that is in the agent alone, a passing one."""
    path = key.path or _path_in_home(key.fingerprint)
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        path = Path(folder) / "key.pub"
        path.write_text(f"{key.text}\n", "utf-8")
        yield path


def _path_in_home(wanted: str) -> Path | None:
    folder = Path.home() / ".ssh"
    for path in sorted((*folder.glob("*.pub"), *(folder / "gatehouse").glob("*.pub"))):
        with suppress(NoCertificate):
            if fingerprint(key_blob_of(path)) == wanted:
                return path
    return None
