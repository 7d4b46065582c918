"""Password hashing: bcrypt over a SHA-256, or Argon2id. Both can always verify."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import BoundedSemaphore
from typing import Protocol
from unicodedata import normalize

import bcrypt

from gatehouse.accounts.errors import HashingBusy
from gatehouse.core.settings import Settings

BCRYPT = "bcrypt-sha256"
ARGON2_NAME = "argon2id"
ARGON2 = f"${ARGON2_NAME}"
PATIENCE = 10  # seconds in the queue for a core
# OWASP's second choice: 19 MiB, 2 passes, 1 lane.
ARGON2_MEMORY, ARGON2_PASSES, ARGON2_LANES = 19_456, 2, 1


class Method(Protocol):
    def hash(self, password: bytes) -> str: ...
    def verify(self, password_hash: str, password: bytes) -> bool: ...
    def is_outdated(self, password_hash: str) -> bool: ...
    def decoy(self) -> str: ...


class Bcrypt:
    """``bcrypt-sha256$2b$12$...``: bcrypt over base64(SHA-256(password)), so nothing is cut at 72
    bytes and no NUL ends it early.
    """

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def hash(self, password: bytes) -> str:
        return BCRYPT + bcrypt.hashpw(_shortened(password), bcrypt.gensalt(self._rounds)).decode()

    def verify(self, password_hash: str, password: bytes) -> bool:
        try:
            return bcrypt.checkpw(_shortened(password), password_hash.removeprefix(BCRYPT).encode())
        except ValueError:  # Not a hash at all.
            return False

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(f"{BCRYPT}$2b${self._rounds:02d}$")

    def decoy(self) -> str:
        """A hash of the same cost that no password has."""
        return f"{BCRYPT}$2b${self._rounds:02d}${'.' * 22}{'/' * 31}"


class Argon2:
    """Argon2id (RFC 9106). Imported when first used."""

    def __init__(self) -> None:
        from argon2 import PasswordHasher, Type, exceptions  # noqa: PLC0415

        self._mismatches = (exceptions.VerificationError, exceptions.InvalidHashError)
        self._hasher = PasswordHasher(
            time_cost=ARGON2_PASSES,
            memory_cost=ARGON2_MEMORY,
            parallelism=ARGON2_LANES,
            type=Type.ID,
        )

    def hash(self, password: bytes) -> str:
        return self._hasher.hash(password)

    def verify(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except self._mismatches:
            return False

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(ARGON2) or self._hasher.check_needs_rehash(
            password_hash
        )

    def decoy(self) -> str:
        costs = f"m={ARGON2_MEMORY},t={ARGON2_PASSES},p={ARGON2_LANES}"
        return f"{ARGON2}$v=19${costs}${'A' * 22}${'A' * 43}"


class Hashers:
    """The PasswordHasher port: today's method hashes, the method of the hash verifies."""

    def __init__(self, settings: Settings) -> None:
        self._bcrypt = Bcrypt(settings.bcrypt_log_rounds)
        self._argon2: Argon2 | None = None
        self._uses_argon2 = settings.password_hasher == ARGON2_NAME
        self._cores = BoundedSemaphore(_cores())

    def hash(self, password: str) -> str:
        with self._a_core():
            return self._todays().hash(_bytes(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        with self._a_core():
            if password_hash is None:
                method = self._todays()
                method.verify(method.decoy(), _bytes(password))
                return False
            return self._of(password_hash).verify(password_hash, _bytes(password))

    def is_outdated(self, password_hash: str) -> bool:
        return self._todays().is_outdated(password_hash)

    def _todays(self) -> Method:
        return self._argon() if self._uses_argon2 else self._bcrypt

    def _of(self, password_hash: str) -> Method:
        return self._bcrypt if password_hash.startswith(BCRYPT) else self._argon()

    def _argon(self) -> Argon2:
        if self._argon2 is None:
            self._argon2 = Argon2()
        return self._argon2

    @contextmanager
    def _a_core(self) -> Iterator[None]:
        """Wait for a free core, so that a flood of sign-ins leaves threads for the rest."""
        if not self._cores.acquire(timeout=PATIENCE):
            raise HashingBusy
        try:
            yield
        finally:
            self._cores.release()


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _bytes(password: str) -> bytes:
    return normalize("NFC", password).encode()


def _shortened(password: bytes) -> bytes:
    return b64encode(sha256(password).digest())
