"""Keys: sealing secrets at rest, keyed fingerprints, comparison in constant time."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from hashlib import sha256
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
NONCE_BYTES = 12


class CannotOpen(ValueError):
    """The sealed text was made under another key or purpose, or was changed."""


class Keyring:
    """AES-256-GCM under named keys: the first key seals, every key opens.

    A sealed text is ``v1.<key id>.<base64url of nonce and ciphertext>``. ``purpose`` is
    authenticated with it, so that a value cannot be moved to another column or row.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._ciphers = {key_id(secret): AESGCM(_stretch(secret)) for secret in secrets}
        self._first = key_id(secrets[0])

    def seal(self, secret: bytes, purpose: str) -> str:
        nonce = urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self._first].encrypt(nonce, secret, purpose.encode())
        return f"{VERSION}.{self._first}.{urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, purpose: str) -> bytes:
        """Give the secret back. Raises CannotOpen."""
        try:
            version, name, text = sealed.split(".")
            raw = urlsafe_b64decode(text)
            cipher = self._ciphers[name]
            if version != VERSION or urlsafe_b64encode(raw).decode() != text:
                raise CannotOpen("not a form that we write")  # Each value has one spelling.
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
        except KeyError:
            raise CannotOpen("no such key") from None
        except (InvalidTag, ValueError, Base64Error):
            raise CannotOpen("not sealed by us for this purpose") from None

    def is_current(self, sealed: str) -> bool:
        """Whether the key that seals today sealed this, so that nothing is left to rewrap."""
        return sealed.startswith(f"{VERSION}.{self._first}.")


def key_named_in(sealed: str) -> str:
    """The id of the key that sealed this, as ``key_id`` gives it."""
    return sealed.partition(".")[2][:8]


def key_id(secret: str) -> str:
    """Eight characters that name a key without telling it."""
    return sha256(b"gatehouse key id:" + secret.encode()).hexdigest()[:8]


@lru_cache(maxsize=8)
def _stretch(secret: str) -> bytes:
    """Derive a 256-bit key from any string, by HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), length=32, salt=None, info=b"gatehouse sealing").derive(secret.encode())


def fingerprint(key: str, purpose: str, text: str) -> str:
    """A keyed name for ``text``, so that a counter's key tells nobody whose it is."""
    return hmac.new(key.encode(), f"{purpose}:{text}".encode(), sha256).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in constant time."""
    as_bytes = [part.encode() if isinstance(part, str) else part for part in (one, other)]
    return hmac.compare_digest(*as_bytes)
