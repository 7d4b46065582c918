"""What certificate authorities ask of others."""

from typing import Protocol


class Signer(Protocol):
    """What signs for an authority. The key may be where nobody can read it."""

    def sign(self, data: bytes) -> bytes:
        """A signature as SSH has them (RFC 4253 6.6). Raises SignerUnavailable."""
        ...
