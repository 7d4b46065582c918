"""Signed tokens, narrowly: the compact form, one algorithm for a key, and no header believed that
says where a key is to be found.

Signing and verifying is joserfc's work; what it may see is decided here (RFC 7515, 8725).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeGuard

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gatehouse.core import base64url
from gatehouse.core.base64url import encode
from gatehouse.core.json_body import name_sent_twice
from gatehouse.core.json_text import DEEPEST, read_json

JoseKey = RSAKey | ECKey | OKPKey | OctKey

LONGEST = 16 * 1024  # characters of a token that we look at
LONGEST_KID = 200
SMALLEST_RSA, LARGEST_RSA = 2048, 8192  # bits of n
MOST_OF_E = 2**32  # A larger one makes whoever verifies work hundreds of times as long.
MOST_TRIED = 3  # keys that a token is tried with
SMALLEST_SECRET = 32  # bytes, for HS256
SKEW = 15  # seconds that the clocks of others may be off
PKCS1, PSS_SHA256, ECDSA_SHA256 = PKCS1v15(), PSS(MGF1(SHA256()), 32), ECDSA(SHA256())
HASH = SHA256()
PART = re.compile(r"[A-Za-z0-9_-]+")
# What changes how a token is to be read. All else that we do not know is not looked at (RFC 7515
# 4): a key that comes along or lies elsewhere (jwk, x5c, jku, x5u) is nobody's to us.
CRITICAL = frozenset({"crit", "b64", "zip"})
# RFC 9864 says Ed25519 where RFC 8037 said EdDSA.
KINDS: Mapping[str, tuple[str, str]] = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "HS256": ("oct", ""),
}
ASYMMETRIC = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
STRONG = ("PS256", "ES256", "EdDSA", "Ed25519")  # FAPI 2.0, 5.4.1
EDWARDS = ("EdDSA", "Ed25519")  # Two names of one (RFC 9864 2.2).


class NotGenuine(ValueError):
    """The token is not whole, or not signed by the key that it should be."""


class Registry(jws.JWSRegistry):
    """Our algorithms. joserfc warns of EdDSA: RFC 9864 has another name, which few clients know."""

    max_header_length = LONGEST  # The key of a DPoP proof stands in its header.
    max_signature_length = 2 * 1024  # characters: those of the largest RSA key

    def get_alg(self, name: str) -> Any:
        if name not in KINDS:
            raise NotGenuine("It is signed by an algorithm that we do not know.")
        return self.algorithms[name]


REGISTRY = Registry(strict_check_header=False)


@dataclass(frozen=True)
class Key:
    """A key for one algorithm. ``kid`` names it to others."""

    kid: str
    alg: str
    jose: JoseKey

    @cached_property
    def private(self) -> Any:
        """What signs. joserfc asks what a key may be used for whenever it gives it away."""
        return self.jose.get_op_key("sign")


@dataclass(frozen=True, slots=True)
class Parts:
    """A token as it reads, before anybody knows whether it is genuine."""

    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def alg(self) -> str:
        return str(self.header["alg"])

    @property
    def kid(self) -> str:
        return str(self.header.get("kid", ""))

    @property
    def typ(self) -> str:
        """The media type without ``application/``, in lower case (RFC 7515 4.1.9)."""
        return str(self.header.get("typ", "")).lower().removeprefix("application/")


def sign(claims: Mapping[str, Any], key: Key, *, typ: str = "JWT") -> str:
    """A token in the compact form (RFC 7515 7.1), signed with a private key of ours.

    This is the hot path: the header of a key is written once, and nothing stands between us and
    the signature. What comes out is verified with joserfc by the tests.
    """
    said = f"{_header(key.kid, key.alg, typ)}.{encode(orjson.dumps(claims))}"
    return f"{said}.{encode(SIGNATURES[key.alg](key.private, said.encode()))}"


@lru_cache(maxsize=64)
def _header(kid: str, alg: str, typ: str) -> str:
    return encode(orjson.dumps({"alg": alg, "typ": typ, "kid": kid}))


def _es256(private: Any, text: bytes) -> bytes:
    """Both numbers at their full length, in place of ASN.1 (RFC 7518 3.4)."""
    r, s = decode_dss_signature(private.sign(text, ECDSA_SHA256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGNATURES: Mapping[str, Callable[[Any, bytes], bytes]] = {
    "RS256": lambda private, text: private.sign(text, PKCS1, HASH),
    "PS256": lambda private, text: private.sign(text, PSS_SHA256, HASH),
    "ES256": _es256,
    "EdDSA": lambda private, text: private.sign(text),
}


def read(token: str) -> Parts:
    """Take a token apart. Raises NotGenuine if it has any but the plain form."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3 or not all(map(PART.fullmatch, parts)):  # noqa: PLR2004
        raise NotGenuine("It is no signed token in the compact form.")
    decode(parts[2])
    header, claims = _object(parts[0]), _object(parts[1])
    if not header.keys().isdisjoint(CRITICAL):
        raise NotGenuine("Its header asks for what we do not do.")
    alg, kid, typ = header.get("alg"), header.get("kid", ""), header.get("typ", "")
    if not all(isinstance(value, str) for value in (alg, kid, typ)) or len(kid) > LONGEST_KID:
        raise NotGenuine("Its header cannot be read.")
    return Parts(header, claims)


def read_of_others(token: str) -> Parts:
    """The same of a token that we did not make. A name that stands in it twice is another one to
    whoever reads the first of them (RFC 7515 4, RFC 7519 4). Raises NotGenuine.
    """
    found = read(token)
    if any(name_sent_twice(decode(part)) is not None for part in token.split(".")[:2]):
        raise NotGenuine("A name stands in it twice.")
    return found


def verify(
    token: str, keys: Iterable[Key], algorithms: Sequence[str], *, typ: Sequence[str] = ()
) -> dict[str, Any]:
    """The claims of a token that one of ``keys`` signed by its own algorithm.

    ``typ`` lists the types that it may have. Raises NotGenuine.
    """
    parts = read(token)
    if typ and parts.typ not in typ:
        raise NotGenuine("It is a token of another kind.")
    check_signature(token, parts, keys, algorithms)
    return parts.claims


def check_signature(
    token: str, parts: Parts, keys: Iterable[Key], algorithms: Sequence[str]
) -> None:
    """Raise NotGenuine unless one of ``keys`` signed it by its own algorithm.

    Whoever has several says by ``kid`` which it is (OpenID Connect Core 10.1). Without, or where
    keys have none, a few are tried: nobody makes us verify with all that they could publish.
    """
    if parts.alg not in algorithms:
        raise NotGenuine("It is signed by an algorithm that does not count here.")
    fitting = [
        key
        for key in keys
        if key.alg == parts.alg and (not parts.kid or key.kid in ("", parts.kid))
    ]
    for key in sorted(fitting, key=lambda key: key.kid != parts.kid)[:MOST_TRIED]:
        try:
            jws.deserialize_compact(token, key.jose, registry=REGISTRY)
        except (JoseError, ValueError):
            continue
        return
    raise NotGenuine("No key of ours to look with has signed it.")


def private_key(alg: str) -> RSAKey | ECKey | OKPKey:
    """A new key for one of our own algorithms."""
    if alg in ("RS256", "PS256"):
        return RSAKey.generate_key(SMALLEST_RSA, private=True)
    if alg == "ES256":
        return ECKey.generate_key("P-256", private=True)
    return OKPKey.generate_key("Ed25519", private=True)


def import_private(alg: str, pem: bytes) -> JoseKey:
    kind = KINDS[alg][0]
    if kind == "RSA":
        return RSAKey.import_key(pem)
    return ECKey.import_key(pem) if kind == "EC" else OKPKey.import_key(pem)


def secret_key(secret: bytes) -> Key:
    """A shared secret for HS256. Raises NotGenuine if it is too short to be one."""
    if len(secret) < SMALLEST_SECRET:
        raise NotGenuine("The secret is too short.")
    return Key("", "HS256", OctKey.import_key(secret))


def public_keys(jwk: Mapping[str, Any]) -> list[Key]:
    """What one key of a set can verify: a key for each algorithm. Raises NotGenuine.

    Private and shared keys, and those that contradict themselves, have no place in a set.
    """
    kty, crv = jwk.get("kty"), jwk.get("crv", "")
    if kty == "oct" or any(name in jwk for name in ("d", "p", "q", "k")):
        raise NotGenuine("Only public keys may be published.")
    uses = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        return []
    algorithms = [
        alg
        for alg in ASYMMETRIC
        if KINDS[alg][0] == kty and KINDS[alg][1] in ("", crv) and jwk.get("alg", alg) == alg
    ]
    kid = jwk.get("kid", "")
    if not isinstance(kid, str) or len(kid) > LONGEST_KID:
        raise NotGenuine("A kid is text of at most 200 characters.")
    return [Key(kid, alg, _public(str(kty), jwk)) for alg in algorithms]


def _public(kty: str, jwk: Mapping[str, Any]) -> JoseKey:
    names = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}[kty]
    try:
        bare: Any = {"kty": kty, **{name: jwk[name] for name in names}}
        if kty == "RSA":
            _check_size(jwk)
            return RSAKey.import_key(bare)
        return ECKey.import_key(bare) if kty == "EC" else OKPKey.import_key(bare)
    except (AttributeError, JoseError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, NotGenuine):
            raise
        raise NotGenuine("A key of the set cannot be read.") from None


def _check_size(jwk: Mapping[str, Any]) -> None:
    """Raise NotGenuine for an RSA key that is too weak, or too much work for whoever verifies."""
    n, e = (int.from_bytes(decode(jwk[name]), "big") for name in ("n", "e"))
    if not SMALLEST_RSA <= n.bit_length() <= LARGEST_RSA:
        raise NotGenuine("An RSA key has 2048 to 8192 bits.")
    if not 1 < e < MOST_OF_E or e % 2 == 0:
        raise NotGenuine("The e of an RSA key is odd, above 1 and below 2^32; usually 65537.")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The name that follows from a public key (RFC 7638). Raises NotGenuine."""
    return str(_public(str(jwk.get("kty")), jwk).thumbprint())


def decode(text: str) -> bytes:
    """What a part of a token stands for. Raises NotGenuine."""
    try:
        return base64url.decode(text)
    except ValueError:
        raise NotGenuine("It is not in base64url.") from None


def _object(part: str) -> dict[str, Any]:
    """Each member of it may be as deep as it might be by itself."""
    try:
        found = read_json(decode(part), deepest=DEEPEST + 1)
    except orjson.JSONDecodeError:
        raise NotGenuine("A part of it is no JSON.") from None
    if not isinstance(found, dict):
        raise NotGenuine("A part of it is no JSON object.")
    return found


def is_number(value: object) -> TypeGuard[int]:
    """Whether this is a whole number as a NumericDate of ours has to be; True is none."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
