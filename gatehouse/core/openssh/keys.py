"""Public keys as OpenSSH writes them: one line of text, or a blob inside of something else. Pure.

The numbers are taken from the blob here, and not by `load_ssh_public_key`: that one turns the key
of a security key into an ordinary one, and drops what it is for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.core.legible import is_legible
from gatehouse.core.openssh.bad_keys import (
    USE_PUB,
    BadKey,
    KeyFault,
    of_another_type,
    refuse_other_things,
)
from gatehouse.core.openssh.strict_base64 import decode, encode
from gatehouse.core.openssh.weakness import is_of_small_order, is_on_ed25519, weakness_of_rsa
from gatehouse.core.openssh.wire import Malformed, Reader

MOST_BYTES = 16 * 1024  # of a line, and of a blob
MOST_OF_COMMENT = 255  # characters
MOST_OF_APPLICATION = 255  # bytes
ED25519_BYTES = 32
UNCOMPRESSED = 0x04  # The first byte of a point (SEC 1 2.3.3).

CURVES: dict[str, ec.EllipticCurve] = {
    "nistp256": ec.SECP256R1(),
    "nistp384": ec.SECP384R1(),
    "nistp521": ec.SECP521R1(),
}

CryptoKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that is sound. Two are equal if they are the same key, whatever is said of them.

    ``bits`` is what `ssh-keygen -lf` shows. ``application`` is what a security key (FIDO) made it
    for, mostly "ssh:", and None for all other keys.
    """

    type: str = field(compare=False)
    blob: bytes
    bits: int = field(compare=False)
    application: str | None = field(compare=False)
    crypto: CryptoKey = field(compare=False, repr=False)
    comment: str = field(default="", compare=False)

    @property
    def text(self) -> str:
        """The one spelling of the key: type and base64, without a comment."""
        return f"{self.type} {encode(self.blob)}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -lf` prints it: "SHA256:" and 43 characters."""
        return "SHA256:" + encode(sha256(self.blob).digest()).rstrip("=")

    @property
    def is_fido(self) -> bool:
        return self.application is not None


def read_public_key(text: str) -> PublicKey:
    """Read the line of a file that ends in .pub (RFC 4253 6.6; sshd(8), AUTHORIZED_KEYS).

    The line break that ends a file may be there, nothing else that is not seen. Raises BadKey.
    """
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise BadKey(KeyFault.TOO_LONG, f"No public key is longer than {MOST_BYTES} bytes.")
    refuse_other_things(text)
    word, _, rest = _the_line(text).partition(" ")
    if word not in READERS:
        raise of_another_type(word, rest)
    encoded, _, comment = rest.lstrip(" ").partition(" ")
    key = _read(_decode(encoded), comment.strip(" ")[:MOST_OF_COMMENT])
    if key.type != word:
        raise BadKey(KeyFault.TYPE_DIFFERS, f"The line says {word}, the key in it is another.")
    return key


def read_blob(blob: bytes) -> PublicKey:
    """Read a key that is part of something else, such as a signature (RFC 4253 6.6).

    Raises BadKey.
    """
    if len(blob) > MOST_BYTES:
        raise BadKey(KeyFault.TOO_LONG, f"No public key is longer than {MOST_BYTES} bytes.")
    return _read(blob)


def _the_line(text: str) -> str:
    line = re.sub(r"\r?\n\Z", "", text)
    if "\n" in line or "\r" in line:
        raise BadKey(KeyFault.NOT_ONE_LINE, f"A public key is one line. {USE_PUB}")
    if not is_legible(line):
        raise BadKey(KeyFault.UNSEEN, f"There is a character in it that is not seen. {USE_PUB}")
    line = line.strip(" ")
    if " " not in line:
        raise BadKey(KeyFault.INCOMPLETE, f"A public key is a type and a long word. {USE_PUB}")
    return line


def _decode(encoded: str) -> bytes:
    try:
        return decode(encoded)
    except ValueError as error:
        message = f"The part after the type is not whole: it is not base64. {USE_PUB}"
        raise BadKey(KeyFault.NOT_BASE64, message) from error


def _read(blob: bytes, comment: str = "") -> PublicKey:
    reader = Reader(blob)
    try:
        word = reader.string().decode("ascii", "replace")
        if word not in READERS:
            raise of_another_type(word)
        crypto = READERS[word](reader)
        application = _application(reader) if word.startswith("sk-") else None
        reader.end()
    except Malformed as error:
        message = f"The key is damaged: {error}. {USE_PUB}"
        raise BadKey(KeyFault.MALFORMED, message) from error
    return PublicKey(word, blob, _bits(crypto), application, crypto, comment)


def _ed25519(reader: Reader) -> Ed25519PublicKey:
    """RFC 8709 4; PROTOCOL.u2f, "SSH U2F Key formats"."""
    point = reader.string()
    if len(point) != ED25519_BYTES:
        raise Malformed("an Ed25519 key has 32 bytes")
    if not is_on_ed25519(point):
        raise BadKey(KeyFault.NOT_ON_CURVE, "The numbers in it are no Ed25519 key.")
    if is_of_small_order(point):
        raise BadKey(KeyFault.WEAK, "Anybody can sign for this key. Make a new one.")
    return Ed25519PublicKey.from_public_bytes(point)


def _ecdsa(curve: str, reader: Reader) -> ec.EllipticCurvePublicKey:
    """RFC 5656 3.1; PROTOCOL.u2f, "SSH U2F Key formats". Points as OpenSSH writes them."""
    if reader.string() != curve.encode():
        raise BadKey(KeyFault.TYPE_DIFFERS, "The key's type and its curve are not of one kind.")
    point = reader.string()
    if not point or point[0] != UNCOMPRESSED:
        raise Malformed("its point is not in the uncompressed form")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve], point)
    except ValueError as error:
        message = f"The numbers in it are no point of the curve {curve}."
        raise BadKey(KeyFault.NOT_ON_CURVE, message) from error


def _rsa(reader: Reader) -> rsa.RSAPublicKey:
    """RFC 4253 6.6."""
    exponent, modulus = reader.mpint(), reader.mpint()
    if weakness := weakness_of_rsa(exponent, modulus):
        raise BadKey(KeyFault.WEAK, weakness)
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _application(reader: Reader) -> str:
    """PROTOCOL.u2f, "SSH U2F Key formats"."""
    raw = reader.string()
    application = raw.decode(errors="replace")
    if not 0 < len(raw) <= MOST_OF_APPLICATION or application.encode() != raw:
        raise BadKey(KeyFault.APPLICATION, "What the security key made it for is not told.")
    if not is_legible(application):
        raise BadKey(KeyFault.APPLICATION, "What the security key made it for is not legible.")
    return application


def _bits(crypto: CryptoKey) -> int:
    return 256 if isinstance(crypto, Ed25519PublicKey) else crypto.key_size


# By the word that begins a blob, and a line.
READERS: dict[str, Callable[[Reader], CryptoKey]] = {
    "ssh-ed25519": _ed25519,
    **{f"ecdsa-sha2-{curve}": partial(_ecdsa, curve) for curve in CURVES},
    "ssh-rsa": _rsa,
    "sk-ssh-ed25519@openssh.com": _ed25519,
    "sk-ecdsa-sha2-nistp256@openssh.com": partial(_ecdsa, "nistp256"),
}
