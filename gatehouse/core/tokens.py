"""Tokens: a prefix that tells the kind, 32 random bytes, and a checksum.

Scanners find a leaked one by its prefix; junk is refused by its checksum, without a look-up.
Only the SHA-256 of a token is ever stored.
"""

from hashlib import sha256
from secrets import token_bytes
from zlib import crc32

SESSION = "ghs_"

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_BYTES = 32
RANDOM_LENGTH = 43  # characters of 32 bytes in base 62
CHECKSUM_LENGTH = 6  # characters of a CRC-32 in base 62


def mint(prefix: str) -> str:
    """Make a token of this kind: 4 + 43 + 6 characters."""
    text = prefix + base62(int.from_bytes(token_bytes(RANDOM_BYTES), "big"), RANDOM_LENGTH)
    return text + checksum(text)


def is_well_formed(token: str, prefix: str) -> bool:
    """Whether ``token`` can be one of ours. No secret is compared here."""
    return (
        len(token) == len(prefix) + RANDOM_LENGTH + CHECKSUM_LENGTH
        and token.startswith(prefix)
        and token.isascii()
        and token[-CHECKSUM_LENGTH:] == checksum(token[:-CHECKSUM_LENGTH])
    )


def hash_token(token: str) -> bytes:
    """What is stored: the token holds 256 random bits, so a plain SHA-256 is enough."""
    return sha256(token.encode()).digest()


def checksum(text: str) -> str:
    return base62(crc32(text.encode()), CHECKSUM_LENGTH)


def base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
