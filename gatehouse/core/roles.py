"""The roles a member can hold. Here, because every domain grants permissions to them."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"

    @property
    def spoken(self) -> str:
        """With its article, for a sentence: an owner, a member."""
        return f"{'an' if self[0] in 'aeiou' else 'a'} {self.value}"

    @property
    def rank(self) -> int:
        """Higher outranks lower: owner 3, admin 2, member 1, guest 0."""
        return _RANKS[self]


_RANKS = {Role.OWNER: 3, Role.ADMIN: 2, Role.MEMBER: 1, Role.GUEST: 0}
