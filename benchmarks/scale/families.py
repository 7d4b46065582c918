"""A client and a family of refresh tokens for each person, which follow from numbers."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from benchmarks.load import form
from benchmarks.stage import MOST_CALLS
from gatehouse.clients.rules import sha256_of
from gatehouse.grants.rules import mint

CLIENT_ROW = UUID(int=(7 << 76) | (2 << 62) | 0xC11E)
CLIENT = "scale"
SECRET = "a secret of the client of scale"  # noqa: S105 - of nobody
SETTINGS: Mapping[str, Any] = {
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["email", "offline_access"],
    "access_policy": "everyone",
    "rate_limit": MOST_CALLS,
}


def values(ends: datetime) -> dict[str, object]:
    """The words of fill.sql that are about the client and its families."""
    secret = {"id": "1", "hash": sha256_of(SECRET), "expires_at": None}
    return {
        "client": CLIENT_ROW,
        "settings": json.dumps(SETTINGS),
        "secrets": json.dumps([secret]),
        "ends": ends.isoformat(),
    }


def token(secret_key: str, person: int) -> str:
    """The first refresh token of a person's family."""
    family, salt = (_digest(f"{word} {person}") for word in ("family", "salt"))
    return mint(secret_key, UUID(bytes=family), 0, salt)


def asked(secret_key: str, person: int) -> bytes:
    """The request that refreshes the tokens of a person."""
    proof = b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
    sent = {
        "grant_type": "refresh_token",
        "refresh_token": token(secret_key, person),
    }
    return form("/oidc/token", urlencode(sent), proof)


def _digest(text: str) -> bytes:
    return md5(text.encode(), usedforsecurity=False).digest()
