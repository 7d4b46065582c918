"""SSHSIG: signatures that `ssh-keygen -Y sign` writes into files (PROTOCOL.sshsig). Pure."""

import hashlib
import re
from dataclasses import dataclass
from textwrap import wrap

from gatehouse.core.openssh.bad_keys import BadKey
from gatehouse.core.openssh.keys import PublicKey, read_blob
from gatehouse.core.openssh.signatures import (
    BadSignature,
    PrivateKey,
    Shown,
    SignatureFault,
    public_blob,
    sign,
    verify,
)
from gatehouse.core.openssh.strict_base64 import decode, encode
from gatehouse.core.openssh.wire import Malformed, Reader, string, strings, uint32

MAGIC = b"SSHSIG"
VERSION = 1
HASHES = frozenset({"sha256", "sha512"})
OUR_HASH = "sha512"
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
LINE = 70  # characters, as `ssh-keygen` writes them
ARMOR = re.compile(rf"{BEGIN}\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+){END}(?:\r?\n)?")
NO_SIGNATURE = "This is no signature that `ssh-keygen -Y sign` wrote"


@dataclass(frozen=True, slots=True)
class Sshsig:
    """What a signature says of itself. Nothing of it holds before it is checked."""

    key: PublicKey
    namespace: str
    hash: str
    signature: bytes


def read_sshsig(armored: str) -> Sshsig:
    """Read a signature with its armor (PROTOCOL.sshsig 1, 2).

    Lines may end in CRLF, and the last one need not end. Raises BadSignature.
    """
    blob = _unarmored(armored)
    try:
        return _read(Reader(blob))
    except (Malformed, BadKey) as error:
        raise BadSignature(SignatureFault.MALFORMED, f"{NO_SIGNATURE}: {error}") from error


def check(
    sshsig: Sshsig,
    message: bytes,
    namespace: str,
    *,
    key: PublicKey,
    needs_verification: bool = False,
) -> Shown | None:
    """Check that ``key`` has signed ``message`` in this namespace (PROTOCOL.sshsig 3).

    A security key must have been touched; where ``needs_verification``, a PIN or finger was asked
    for, too, which no other kind of key can show. Returns what it has shown, None for other keys.
    Raises BadSignature.
    """
    if sshsig.namespace != namespace:
        advice = f"It was made for another purpose. Sign with `-n {namespace}`."
        raise BadSignature(SignatureFault.NAMESPACE, advice)
    if sshsig.key != key:
        raise BadSignature(SignatureFault.KEY, f"It is of another key, {sshsig.key.fingerprint}.")
    shown = verify(key, sshsig.signature, _signed(namespace, sshsig.hash, message))
    if shown and not shown.is_present:
        raise BadSignature(SignatureFault.ABSENT, "The security key was not touched.")
    if needs_verification and not (shown and shown.is_verified):
        advice = "No PIN or finger was asked for. Only security keys do, if made with"
        advice += " `-O verify-required`."
        raise BadSignature(SignatureFault.UNVERIFIED, advice)
    return shown


def read_sent(signature: str) -> Sshsig:
    """Read a signature that came with a request: with its armor, or as base64 of all that.

    Raises BadSignature.
    """
    if BEGIN in signature:
        return read_sshsig(signature)
    try:
        return read_sshsig(decode("".join(signature.split())).decode("ascii"))
    except ValueError as error:
        raise BadSignature(SignatureFault.MALFORMED, NO_SIGNATURE) from error


def check_text(sshsig: Sshsig, text: str, namespace: str, *, key: PublicKey) -> Shown | None:
    """Check that ``key`` has signed a text. ``echo`` adds a line break at the end, which may be
    there. Returns and raises what `check` does.
    """
    try:
        return check(sshsig, text.encode(), namespace, key=key)
    except BadSignature as error:
        if error.reason is not SignatureFault.SIGNATURE:
            raise
    return check(sshsig, f"{text}\n".encode(), namespace, key=key)


def make_sshsig(private_key: PrivateKey, message: bytes, namespace: str) -> str:
    """Sign a message with a key of our own, as `ssh-keygen -Y verify` takes it.

    PROTOCOL.sshsig 1 to 3. Raises ValueError without a namespace.
    """
    if not namespace:
        raise ValueError("a signature has a namespace")
    signature = sign(private_key, _signed(namespace, OUR_HASH, message))
    rest = [namespace.encode(), b"", OUR_HASH.encode(), signature]
    blob = MAGIC + uint32(VERSION) + string(public_blob(private_key)) + strings(rest)
    return "\n".join([BEGIN, *wrap(encode(blob), LINE), END, ""])


def _unarmored(armored: str) -> bytes:
    """The bytes in their one spelling, in lines of any length."""
    found = ARMOR.fullmatch(armored)
    if not found:
        advice = f"{NO_SIGNATURE}. Right is the whole file, from {BEGIN} to {END}."
        raise BadSignature(SignatureFault.MALFORMED, advice)
    try:
        return decode("".join(found[1].split()))
    except ValueError as error:
        raise BadSignature(SignatureFault.MALFORMED, f"{NO_SIGNATURE}: not base64.") from error


def _read(reader: Reader) -> Sshsig:
    """Raises Malformed, and BadKey."""
    if reader.take(len(MAGIC)) != MAGIC or reader.uint32() != VERSION:
        raise Malformed("its first bytes are others")
    found = Sshsig(read_blob(reader.string()), _namespace(reader), *_rest(reader))
    reader.end()
    return found


def _namespace(reader: Reader) -> str:
    raw = reader.string()
    namespace = raw.decode(errors="replace")
    if not raw or namespace.encode() != raw:
        raise Malformed("it has no namespace")
    return namespace


def _rest(reader: Reader) -> tuple[str, bytes]:
    if reader.string():
        raise Malformed("it says more than we know")
    name = reader.string().decode("ascii", "replace")
    if name not in HASHES:
        raise Malformed("its hash is not SHA-256 or SHA-512")
    return name, reader.string()


def _signed(namespace: str, hash_name: str, message: bytes) -> bytes:
    digest = hashlib.new(hash_name, message).digest()
    return MAGIC + strings([namespace.encode(), b"", hash_name.encode(), digest])
