"""What a browser is asked for: to make a passkey, or to use one (WebAuthn 5.4, 5.5). Pure."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gatehouse.core.base64url import encode

ALGORITHMS = (-7, -257)  # ES256, RS256 (RFC 9053)
TIMEOUT = 60_000  # milliseconds
TRANSPORTS = ("usb", "nfc", "ble", "hybrid", "internal", "smart-card")
TWO_OF = 64  # of 256
REQUIRED, PREFERRED = "required", "preferred"
# What passkeys of phones, computers and keys look like: bytes of the id, and how it is reached.
LOOKS = ((16, "hybrid internal"), (20, "hybrid internal"), (32, "internal"), (48, "nfc usb"))


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A passkey as a browser is told of it; ``transports`` with blanks between."""

    credential_id: bytes
    transports: str

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": encode(self.credential_id), "type": "public-key"}
        return shown | ({"transports": self.transports.split()} if self.transports else {})


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose passkey it will be. ``handle`` is what it will name them by: at most 64 bytes."""

    handle: bytes
    name: str
    shown: str


def creation(
    *,
    rp_id: str,
    rp_name: str,
    holder: Holder,
    challenge: bytes,
    has: Iterable[Descriptor],
    wants_model: bool,
) -> dict[str, Any]:
    """``has`` are not made again; with ``wants_model`` the maker shall vouch for the model."""
    return {
        "rp": {"id": rp_id, "name": rp_name},
        "user": {"id": encode(holder.handle), "name": holder.name, "displayName": holder.shown},
        "challenge": encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
        "timeout": TIMEOUT,
        "excludeCredentials": [one.as_json() for one in has],
        "authenticatorSelection": {
            "residentKey": PREFERRED,
            "requireResidentKey": False,
            "userVerification": PREFERRED,
        },
        "attestation": "direct" if wants_model else "none",
    }


def request(
    *, rp_id: str, challenge: bytes, allowed: Iterable[Descriptor], verified: bool
) -> dict[str, Any]:
    """Without any that are ``allowed`` the browser offers those that it finds by itself;
    ``verified``: the authenticator must make sure who its user is.
    """
    return {
        "challenge": encode(challenge),
        "timeout": TIMEOUT,
        "rpId": rp_id,
        "allowCredentials": [one.as_json() for one in allowed],
        "userVerification": REQUIRED if verified else PREFERRED,
    }


def decoys(key: str, email_key: str) -> list[Descriptor]:
    """What nobody has, for an address without passkeys: the same each time, as if it had one, or
    like one address of four two.
    """
    raw = hmac.digest(key.encode(), b"passkey decoy:" + email_key.encode(), sha256)
    return [_decoy(key, raw, number) for number in range(2 if raw[0] < TWO_OF else 1)]


def _decoy(key: str, raw: bytes, number: int) -> Descriptor:
    drawn = hmac.digest(key.encode(), b"passkey decoy, more:" + raw + bytes([number]), sha256)
    more = hmac.digest(key.encode(), b"passkey decoy, rest:" + drawn, sha256)
    length, transports = LOOKS[drawn[0] % len(LOOKS)]
    return Descriptor((drawn + more)[1 : length + 1], transports)


def in_order(transports: Iterable[str]) -> str:
    """Those that we know, once each, in an order of their own."""
    return " ".join(sorted(set(transports) & set(TRANSPORTS)))
