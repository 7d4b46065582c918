"""Base64url without padding (RFC 7515 2). Each value has one spelling."""

from base64 import urlsafe_b64decode
from binascii import b2a_base64

URL_SAFE = bytes.maketrans(b"+/", b"-_")


def encode(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(URL_SAFE).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError, for any other spelling too."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("not the spelling that we write")
    return raw
