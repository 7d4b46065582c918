"""Proofs of possession: whoever calls has the key that they show (RFC 9449 4). Pure."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from gatehouse.core.crypto import fingerprint, same
from gatehouse.core.jose import (
    ASYMMETRIC,
    SKEW,
    Key,
    NotGenuine,
    check_signature,
    is_number,
    public_keys,
    read_of_others,
)

TYP = "dpop+jwt"
OLDEST = 60  # seconds since a proof was made
LONGEST_JTI = 255
PUBLIC = ("kty", "crv", "x", "y", "n", "e")
NONCE_SECONDS = 300  # of each slot; a nonce is good in its own and the next
NONCE_SIGNS = 32
PORTS = {"http": 80, "https": 443}
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")  # RFC 3986 2.3


class BadProof(ValueError):
    """``args[0]`` says what is wrong, to developers of clients."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is signed by the key that it names. ``jkt`` is its thumbprint (RFC 7638)."""

    jkt: str
    jti: str
    nonce: str | None


def read_proof(
    text: str,
    *,
    method: str,
    urls: Collection[str],
    now: float,
    access_token: str | None = None,
    algorithms: Sequence[str] = ASYMMETRIC,
) -> Proof:
    """A proof for this call, and for this token if there is one. Raises BadProof."""
    try:
        parts = read_of_others(text)
        key = _key(parts.header.get("jwk"), parts.alg)
        if parts.header.get("typ") != TYP:
            raise BadProof("Its typ is not dpop+jwt.")
        check_signature(text, parts, [key], algorithms)
    except NotGenuine:
        raise BadProof("It is not signed as it should be, by the public key in its jwk.") from None
    claims = parts.claims
    if claims.get("htm") != method:
        raise BadProof("Its htm is not the method of this request.")
    htu = claims.get("htu")
    if not isinstance(htu, str) or plain_url(htu) not in map(plain_url, urls):
        raise BadProof("Its htu is not the address of this endpoint.")
    _check_times(claims, now)
    jti, nonce = claims.get("jti"), claims.get("nonce")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise BadProof("Its jti is missing or too long.")
    if access_token is not None and claims.get("ath") != hash_of(access_token):
        raise BadProof("Its ath is not the hash of the access token.")
    jkt = str(key.jose.thumbprint())
    return Proof(jkt, jti, nonce if isinstance(nonce, str) else None)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """``iat`` has to be there (RFC 9449 4.2); the others count if they are (RFC 7519 4.1)."""
    iat, nbf, exp = claims.get("iat"), claims.get("nbf", 0), claims.get("exp", int(now))
    if not is_number(iat) or not now - OLDEST <= iat <= now + SKEW:
        raise BadProof("Its iat is not now, in seconds.")
    if not is_number(nbf) or nbf > now + SKEW:
        raise BadProof("Its nbf is still to come, or no number of seconds.")
    if not is_number(exp) or exp <= now - SKEW:
        raise BadProof("Its exp is over, or no number of seconds.")


def _key(jwk: object, alg: str) -> Key:
    """The one public key that a proof carries. Raises NotGenuine."""
    if not isinstance(jwk, dict):
        raise NotGenuine("There is no key in it.")
    found = [key for key in public_keys(jwk) if key.alg == alg]
    if not found:
        raise NotGenuine("The key is not one for this algorithm.")
    return Key("", alg, found[0].jose)


def hash_of(access_token: str) -> str:
    """``ath`` (RFC 9449 4.2)."""
    digest = sha256(access_token.encode(errors="surrogatepass")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def plain_url(url: str) -> str:
    """An URL in its one spelling (RFC 3986 6.2.2, 6.2.3), without query and fragment; nothing if
    it is none.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in PORTS or not host or "@" in parts.netloc or not url.isascii():
        return ""
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != PORTS[parts.scheme]:
        place += f":{port}"
    return f"{parts.scheme}://{place}{ESCAPED.sub(_unescaped, parts.path) or '/'}"


def _unescaped(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return sign if UNRESERVED.fullmatch(sign) else found[0].upper()


def nonce_at(secret_key: str, now: float) -> str:
    """The nonce of this slot of time: nobody stores it, and all workers know it (RFC 9449 8)."""
    return _nonce(secret_key, int(now // NONCE_SECONDS))


def is_fresh(nonce: str | None, secret_key: str, now: float) -> bool:
    """Whether a nonce is of this slot, or of the last one."""
    slot = int(now // NONCE_SECONDS)
    known = (_nonce(secret_key, slot), _nonce(secret_key, slot - 1))
    return nonce is not None and any([same(nonce, each) for each in known])  # noqa: C419 - in one time


def _nonce(secret_key: str, slot: int) -> str:
    return fingerprint(secret_key, "dpop nonce", str(slot))[:NONCE_SIGNS]
