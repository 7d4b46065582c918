"""Which names of departments are the same. Pure."""

from unicodedata import normalize


def name_key(name: str) -> str:
    """What is unique about a name inside its organization: NFC, without case."""
    return normalize("NFC", name.casefold())
