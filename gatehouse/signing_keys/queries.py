"""Reading signing keys. What is parsed once is kept; what is valid is asked anew each second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import select

from gatehouse.core.jose import Key, import_private, public_keys
from gatehouse.core.runtime import Runtime
from gatehouse.signing_keys.models import KeyStatus, SigningKey

BELIEVED = 1.0  # seconds for which a worker goes by what it has read
KEYS = select(
    SigningKey.kid,
    SigningKey.alg,
    SigningKey.status,
    SigningKey.public_jwk,
    SigningKey.private_sealed,
).order_by(SigningKey.alg, SigningKey.active_from.desc())


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys as one reading found them. ``verified`` are the claims of tokens that were found to
    be signed by one of them: to verify takes longer than anything else that is done with a token.
    """

    active: Mapping[str, Key]
    verifying: tuple[Key, ...]
    published: tuple[dict[str, Any], ...]
    states: tuple[tuple[str, str], ...] = ()
    verified: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class KnownKeys:
    """What a process knows of the keys. All workers go by the same rows."""

    def __init__(self) -> None:
        self._parsed: dict[str, Key] = {}
        self._set = KeySet({}, (), ())
        self._read_at = float("-inf")
        self._lock = Lock()

    def now(self, runtime: Runtime) -> KeySet:
        """The keys, as they were at most a second ago."""
        if monotonic() - self._read_at < BELIEVED:
            return self._set
        return self.read(runtime)

    def read(self, runtime: Runtime) -> KeySet:
        """The keys as the database has them now. A statement of its own."""
        started = monotonic()
        with runtime.short.connect() as db:
            rows = db.execute(KEYS).all()
        states = tuple((row.kid, row.status.value) for row in rows)
        if states == self._set.states:
            self._read_at = max(self._read_at, started)
            return self._set
        found = KeySet(
            {
                row.alg: self._private(runtime, row)
                for row in rows
                if row.status is KeyStatus.ACTIVE
            },
            tuple(key for row in rows for key in _verifying(row)),
            tuple(row.public_jwk for row in rows),
            states,
        )
        with self._lock:
            if started > self._read_at:
                self._set, self._read_at = found, started
        return found

    def _private(self, runtime: Runtime, row: Any) -> Key:
        if row.kid not in self._parsed:
            pem = runtime.keyring.open(row.private_sealed, purpose_of(row.kid))
            self._parsed[row.kid] = Key(row.kid, row.alg, import_private(row.alg, pem))
        return self._parsed[row.kid]


def purpose_of(kid: str) -> str:
    return f"signing key {kid}"


def _verifying(row: Any) -> Sequence[Key]:
    return [key for key in public_keys(row.public_jwk) if key.alg == row.alg]
