"""What may stand in the head of a letter. Pure."""

from email.headerregistry import Address

MOST_IN_SUBJECT = 200  # characters
SPECIAL = frozenset('"(),:;<>@[\\]')  # what would have to be quoted (RFC 5322 3.2.3)


def header_text(text: str) -> str:
    """``text`` on one line: whatever could begin another header, or hide, becomes a blank."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(clean.split())[:MOST_IN_SUBJECT]


def address_of(text: str) -> Address:
    """One address, with its domain as mail servers want it (RFC 5891). Raises ValueError."""
    local, _, domain = text.rpartition("@")
    if not local or not domain or not text.isprintable() or set(local) & SPECIAL or " " in text:
        raise ValueError("not one address")
    try:
        return Address(username=local, domain=domain.encode("idna").decode())
    except UnicodeError:
        raise ValueError("not one address") from None
