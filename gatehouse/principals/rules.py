"""What a principal may be called. Pure."""

NAME = r"[a-z0-9_][a-z0-9._:@-]{0,63}"
ROOT = "root"
BREAK_GLASS = "break-glass"  # of the certificate for when nothing else works
OF_OWNERS = frozenset({ROOT, BREAK_GLASS})


def is_for_owners(name: str) -> bool:
    """Whether only an owner may make a principal of this name, and let others use it."""
    return name in OF_OWNERS
