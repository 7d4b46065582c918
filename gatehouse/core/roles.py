"""The roles a member can hold. Here, because every domain grants permissions to them."""

from enum import StrEnum

from gatehouse.core.sayings import _


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"

    @property
    def named(self) -> str:
        """For people: owner, member."""
        return _NAMED[self]

    @property
    def spoken(self) -> str:
        """With its article, for a sentence: an owner, a member."""
        return _SPOKEN[self]

    @property
    def rank(self) -> int:
        """Higher outranks lower: owner 3, admin 2, member 1, guest 0."""
        return _RANKS[self]


_NAMED = {
    Role.OWNER: _("owner"),
    Role.ADMIN: _("admin"),
    Role.MEMBER: _("member"),
    Role.GUEST: _("guest"),
}
_SPOKEN = {
    Role.OWNER: _("an owner"),
    Role.ADMIN: _("an admin"),
    Role.MEMBER: _("a member"),
    Role.GUEST: _("a guest"),
}
_RANKS = {Role.OWNER: 3, Role.ADMIN: 2, Role.MEMBER: 1, Role.GUEST: 0}
