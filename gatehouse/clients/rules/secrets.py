"""Secrets of clients: a fast hash for what we made, a slow one for what a person chose. Pure."""

from hashlib import scrypt, sha256
from hmac import compare_digest
from secrets import token_bytes

COST, BLOCK, LANES = 2**14, 8, 1  # 16 MB and some 50 ms (RFC 7914 2)
SALT_BYTES = 16


def sha256_of(secret: str) -> str:
    """What is stored of a secret of ours: it holds 256 random bits."""
    return sha256(secret.encode()).hexdigest()


def slow_hash(secret: str, salt: bytes = b"") -> str:
    """What is stored of a secret that somebody chose: ``salt$hash``, by scrypt."""
    salt = salt or token_bytes(SALT_BYTES)
    return f"{salt.hex()}${scrypt(secret.encode(), salt=salt, n=COST, r=BLOCK, p=LANES).hex()}"


def holds(secret: str, stored: str) -> bool:
    """Whether ``stored`` was made of this secret, in a time that does not tell how nearly."""
    salt, sign, _ = stored.partition("$")
    made = slow_hash(secret, bytes.fromhex(salt)) if sign else sha256_of(secret)
    return compare_digest(made, stored)
