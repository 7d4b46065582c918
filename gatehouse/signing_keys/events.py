"""What can happen to signing keys."""

from dataclasses import dataclass
from uuid import UUID

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class SigningKeyPublished(Event):
    name = "signing_key.published"
    says = "A new signing key was published."
    resource = "key"

    key_id: UUID
    alg: str


@dataclass(frozen=True, kw_only=True)
class SigningKeyActivated(Event):
    name = "signing_key.activated"
    says = "A signing key took the place of another one."
    resource = "key"

    key_id: UUID
    alg: str


@dataclass(frozen=True, kw_only=True)
class SigningKeysPlanned(Event):
    """What they take over from goes on to count as long as anything that it signed may be shown."""

    name = "signing_key.planned"
    says = "Successors of the signing keys take over soon, because an operator wants it."

    keys: int


@dataclass(frozen=True, kw_only=True)
class SigningKeysReplaced(Event):
    """All at once, because a key may be known to somebody else."""

    name = "signing_key.replaced"
    says = "All signing keys were replaced at once; the old ones count for nothing any more."

    dropped: int
