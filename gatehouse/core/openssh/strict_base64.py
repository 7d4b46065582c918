"""Base64 in its one spelling (RFC 4648 3.5, 4): with padding, and nothing in between. Pure."""

from base64 import b64decode, b64encode


def encode(raw: bytes) -> str:
    return b64encode(raw).decode()


def decode(text: str) -> bytes:
    """Raises ValueError, for any other spelling too."""
    raw = b64decode(text)
    if encode(raw) != text:
        raise ValueError("not the spelling that we write")
    return raw
