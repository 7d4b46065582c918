"""Who outranks whom, and what a slug is. Pure."""

import re
from unicodedata import normalize

from gatehouse.core.roles import Role

SLUG = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
MOST_OF_SLUG = 63


def may_give(giver: Role, role: Role) -> bool:
    """Nobody gives a role above their own."""
    return giver.rank >= role.rank


def may_touch(actor: Role, target: Role) -> bool:
    """Nobody changes, suspends or removes somebody above themselves."""
    return actor.rank >= target.rank


def outranks(actor: Role, target: Role) -> bool:
    """What reaches over several organizations touches nobody of the same rank."""
    return actor.rank > target.rank


def slug_of(name: str) -> str:
    """A slug made of a name: ASCII letters and digits, anything else becomes one hyphen."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug[:MOST_OF_SLUG].strip("-") or "organization"


def numbered(slug: str, number: int) -> str:
    """The slug's next candidate: acme, acme-2, acme-3, never longer than a slug may be."""
    if number == 1:
        return slug
    ending = f"-{number}"
    return slug[: MOST_OF_SLUG - len(ending)].rstrip("-") + ending
