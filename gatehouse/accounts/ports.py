"""What accounts ask of others: slow hashes."""

from typing import Protocol


class PasswordHasher(Protocol):
    """Hashes passwords slowly, and no more at once than the machine has cores.

    Raises HashingBusy when the queue does not move.
    """

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether they match. Without a hash it takes as long, and the answer is no."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made by another method, or at another cost, than today's."""
        ...
