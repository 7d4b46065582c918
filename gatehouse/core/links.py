"""Links in mails: derived from a row that holds a random nonce, and never stored themselves.

A dump of the database opens nothing: who wants to make a link needs SECRET_KEY too.
"""

import hmac
from hashlib import sha256
from secrets import token_hex
from uuid import UUID

from gatehouse.core.settings import Settings
from gatehouse.core.tokens import ALPHABET, base62, checksum

PREFIX_LENGTH = 4
ID_LENGTH = 22  # characters of a UUID in base 62
MAC_LENGTH = 43  # characters of 32 bytes in base 62
CHECKSUM_LENGTH = 6
LENGTH = PREFIX_LENGTH + ID_LENGTH + MAC_LENGTH + CHECKSUM_LENGTH
NONCE_LENGTH = 32


def new_nonce() -> str:
    """What makes a link of this row another one: whoever has an older link has nothing."""
    return token_hex(NONCE_LENGTH // 2)


def mint_link(settings: Settings, prefix: str, row_id: UUID, nonce: str, version: str) -> str:
    """The token of a row. ``version`` is what must not change while the link is on its way."""
    words = "\n".join(("gatehouse link", prefix, str(row_id), nonce, version))
    mac = hmac.new(settings.secret_key.encode(), words.encode(), sha256).digest()
    text = prefix + base62(row_id.int, ID_LENGTH)
    text += base62(int.from_bytes(mac, "big"), MAC_LENGTH)
    return text + checksum(text)


def row_of_link(token: str, prefix: str) -> UUID | None:
    """Which row a token speaks of, if it can be one of this kind at all."""
    is_whole = len(token) == LENGTH and token.isascii() and token.startswith(prefix)
    if not is_whole or token[-CHECKSUM_LENGTH:] != checksum(token[:-CHECKSUM_LENGTH]):
        return None
    number = 0
    for digit in token[PREFIX_LENGTH : PREFIX_LENGTH + ID_LENGTH]:
        value = ALPHABET.find(digit)
        if value < 0:
            return None
        number = number * len(ALPHABET) + value
    return UUID(int=number) if number < 1 << 128 else None


def address_of_link(settings: Settings, page: str, token: str) -> str:
    """Where the link leads: never what a request said, always what the operator set."""
    return f"{settings.app_url}/{page}/{token}"
