"""SSH certificates as OpenSSH writes them, read with the standard library alone.

The layout is that of OpenSSH's PROTOCOL.certkeys. Signatures are not verified here: sshd does.
"""

import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from gatehouse_cli.failures import Failure

ENDING = "-cert-v01@openssh.com"
# The type of the key in a certificate -> how many fields that key has after its type.
FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}
KINDS = {1: "user", 2: "host"}
FOREVER = 2**64 - 1
LONGEST = 256 * 1024


class NoCertificate(Failure):
    """There is none, or it cannot be read."""


class Certificate(NamedTuple):
    """What a certificate says. Times are seconds since 1970; blobs are as the wire has them."""

    type: str
    key_type: str
    key_blob: bytes
    serial: int
    kind: str
    key_id: str
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical_options: Mapping[str, str]
    extensions: Mapping[str, str]
    ca_blob: bytes
    blob: bytes

    def state(self, now: float) -> str:
        """``valid``, ``expired`` or ``not_yet_valid``."""
        if now < self.valid_after:
            return "not_yet_valid"
        return "valid" if now < self.valid_before else "expired"

    @property
    def organization(self) -> str:
        """The slug in the key id of a Gatehouse (``gh1:<slug>:...``); of another's, nothing."""
        words = self.key_id.split(":")
        return words[1] if words[0] == "gh1" and len(words) > 2 else ""  # noqa: PLR2004

    @property
    def id(self) -> str:
        """The id by which a Gatehouse knows it; of another's, nothing."""
        return id_in(self.key_id)


def id_in(key_id: str) -> str:
    """The id at the end of a key id of a Gatehouse; of another's, nothing."""
    words = key_id.split(":")
    return words[-1] if words[0] == "gh1" and len(words) > 2 else ""  # noqa: PLR2004


def read_certificate(path: Path) -> Certificate:
    """The certificate of a file. Raises NoCertificate."""
    text = _text_of(path)
    try:
        return parsed(text)
    except ValueError:
        raise NoCertificate(f"{path} is no SSH certificate, or it is damaged.") from None


def parsed(text: str) -> Certificate:
    """The certificate that a line holds. Raises ValueError."""
    words = text.split(None, 2)
    if len(words) < 2 or not words[0].endswith(ENDING):  # noqa: PLR2004
        raise ValueError
    found = parsed_blob(b64decode(words[1], validate=True))
    if found.type != words[0]:
        raise ValueError
    return found


def parsed_blob(blob: bytes) -> Certificate:
    """The certificate that these bytes are. Raises ValueError."""
    reader = Reader(blob)
    name = reader.text()
    base = name.removesuffix(ENDING)
    key_type = base if base in FIELDS else f"{base}@openssh.com"
    if base == name or key_type not in FIELDS:
        raise ValueError
    return _read(name, key_type, reader, blob)


def key_blob_of(path: Path) -> bytes:
    """The key in a public key's file. Raises NoCertificate where there is none."""
    try:
        return b64decode(_text_of(path).split()[1], validate=True)
    except (IndexError, ValueError):
        raise NoCertificate(f"{path} is no public SSH key.") from None


def fingerprint(blob: bytes) -> str:
    """As ``ssh-keygen -lf`` prints it."""
    return f"SHA256:{b64encode(sha256(blob).digest()).decode().rstrip('=')}"


def _text_of(path: Path) -> str:
    """What a file has in it. Nobody waits for what is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NoCertificate(f"{path} is no file.")
            return file.read(LONGEST).decode(errors="replace")
    except OSError as error:
        raise NoCertificate(f"{path} is not read: {error.strerror}.") from None


def _read(name: str, key_type: str, reader: "Reader", blob: bytes) -> Certificate:
    reader.string()  # The nonce.
    fields = [reader.string() for _ in range(FIELDS[key_type])]
    found = Certificate(
        type=name,
        key_type=key_type,
        key_blob=b"".join(map(string, (key_type.encode(), *fields))),
        serial=reader.number(8),
        kind=KINDS.get(reader.number(4), ""),
        key_id=reader.text(),
        principals=tuple(Reader(reader.string()).texts()),
        valid_after=reader.number(8),
        valid_before=reader.number(8),
        critical_options=_options(reader.string()),
        extensions=_options(reader.string()),
        ca_blob=_after_reserved(reader),
        blob=blob,
    )
    if not reader.string() or reader.rest or not found.kind:
        raise ValueError
    return found


def _after_reserved(reader: "Reader") -> bytes:
    reader.string()
    return reader.string()


def _options(data: bytes) -> dict[str, str]:
    """Names and their values: a value is a string inside a string, and one without is empty."""
    parts: Sequence[bytes] = list(Reader(data).strings())
    if len(parts) % 2:
        raise ValueError
    return {
        name.decode(): Reader(value).text() if value else ""
        for name, value in zip(parts[::2], parts[1::2], strict=True)
    }


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


class Reader:
    """Reads one field after the other (RFC 4251 5). Raises ValueError where there is less."""

    def __init__(self, rest: bytes) -> None:
        self.rest = rest

    def take(self, size: int) -> bytes:
        if size > len(self.rest):
            raise ValueError
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def string(self) -> bytes:
        return self.take(self.number(4))

    def text(self) -> str:
        return self.string().decode()

    def strings(self) -> list[bytes]:
        found = []
        while self.rest:
            found.append(self.string())
        return found

    def texts(self) -> list[str]:
        return [one.decode() for one in self.strings()]
