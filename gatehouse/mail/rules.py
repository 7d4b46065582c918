"""What may stand in the head of a letter. Pure."""

from email.headerregistry import Address

MOST_IN_SUBJECT = 200  # characters


def header_text(text: str) -> str:
    """``text`` on one line: whatever could begin another header, or hide, becomes a blank."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(clean.split())[:MOST_IN_SUBJECT]


def address_of(text: str) -> Address:
    """One address, with its domain as mail servers want it (RFC 5891). Raises ValueError."""
    local, at, domain = text.rpartition("@")
    if not at or not local or header_text(text) != text or " " in text:
        raise ValueError("not one address")
    return Address(username=local.strip('"'), domain=domain.encode("idna").decode())
