"""An authenticator and its browser, built with another library than the one that verifies."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from os import urandom
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from gatehouse.core.base64url import decode, encode

ORIGIN = "http://localhost:5000"
FLAG = AuthenticatorData.FLAG
HERE, KNOWN = FLAG.UP, FLAG.UP | FLAG.UV
ES, RS = "ES256", "RS256"

Options = dict[str, Any]
Rewrite = Callable[[bytes], bytes]


def as_it_is(said: bytes) -> bytes:
    return said


@dataclass
class Key:
    """A passkey as its authenticator keeps it."""

    rp_id: str
    handle: bytes
    private: Any
    id: bytes = field(default_factory=lambda: urandom(32))
    counter: int = 0


@dataclass
class Authenticator:
    """What a key and a browser make of options. Each field may lie, for what is to be refused.

    ``counts``: the counter rises with each use; ``synced`` says that keys may be copied.
    ``rewrite_client`` and ``rewrite_data`` get their bytes before they are signed.
    """

    origin: str = ORIGIN
    rp_id: str = ""
    flags: int = KNOWN
    synced: bool = False
    counts: bool = True
    aaguid: bytes = bytes(16)
    algorithm: str = ES
    fmt: str = "none"
    statement: Callable[[Key, bytes], dict[str, Any]] = lambda _key, _signed: {}
    client: dict[str, Any] = field(default_factory=dict)
    rewrite_client: Rewrite = as_it_is
    rewrite_data: Rewrite = as_it_is
    keys: list[Key] = field(default_factory=list)

    def lying(self, **fields: Any) -> "Authenticator":
        """The same with the same keys, and other words."""
        return replace(self, **fields)

    def make(self, options: Options, **more: Any) -> dict[str, Any]:
        """Answer what ``register/begin`` gave."""
        key = new_key(options["rp"]["id"], decode(options["user"]["id"]), self.algorithm)
        self.keys.append(key)
        return self.register(key, public_of(key), options["challenge"]) | more

    def register(self, key: Key, public: CoseKey, challenge: str) -> dict[str, Any]:
        client = self._client("webauthn.create", challenge)
        data = self._data(
            key,
            FLAG(self._flags() | FLAG.AT),
            AttestedCredentialData.create(self.aaguid, key.id, public),
        )
        data = self.rewrite_data(bytes(data))
        statement = self.statement(key, data + sha256(client).digest())
        made = cbor.encode({"fmt": self.fmt, "attStmt": statement, "authData": data})
        said = {"attestationObject": encode(made), "clientDataJSON": encode(client)}
        return _credential(key, said | {"transports": ["usb"]})

    def use(self, options: Options, key: Key | None = None, **more: Any) -> dict[str, Any]:
        """Answer what ``login/begin`` gave."""
        key = key or self.keys[-1]
        if self.counts:
            key.counter += 1
        client = self._client("webauthn.get", options["challenge"])
        data = self.rewrite_data(bytes(self._data(key, FLAG(self._flags()))))
        said = {
            "authenticatorData": encode(data),
            "clientDataJSON": encode(client),
            "signature": encode(sign(key, data + sha256(client).digest())),
            "userHandle": encode(key.handle),
        }
        return _credential(key, said) | more

    def _flags(self) -> int:
        return self.flags | (FLAG.BE | FLAG.BS if self.synced else 0)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin} | self.client
        return self.rewrite_client(
            bytes(CollectedClientData.create(**{"cross_origin": False, **said}))
        )

    def _data(self, key: Key, flags: Any, made: bytes = b"") -> AuthenticatorData:
        named = sha256((self.rp_id or key.rp_id).encode()).digest()
        return AuthenticatorData.create(named, flags, key.counter, made)


def sign(key: Key, message: bytes) -> bytes:
    if isinstance(key.private, rsa.RSAPrivateKey):
        return key.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return bytes(key.private.sign(message, ec.ECDSA(hashes.SHA256())))


def new_key(rp_id: str, handle: bytes, algorithm: str = ES) -> Key:
    if algorithm == RS:
        return Key(rp_id, handle, rsa.generate_private_key(65537, 2048))
    return Key(rp_id, handle, ec.generate_private_key(ec.SECP256R1()))


def public_of(key: Key) -> CoseKey:
    kind = RS256 if isinstance(key.private, rsa.RSAPrivateKey) else ES256
    return kind.from_cryptography_key(key.private.public_key())


def _credential(key: Key, response: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": encode(key.id),
        "rawId": encode(key.id),
        "type": "public-key",
        "response": response,
        "clientExtensionResults": {},
        "authenticatorAttachment": "cross-platform",
    }


def with_key(key: Key, public: bytes, challenge: str) -> dict[str, Any]:
    """A registration with these bytes in place of the public key."""
    known = public_of(new_key(key.rp_id, key.handle))
    size = len(cbor.encode(dict(known)))
    lying = Authenticator(rewrite_data=lambda data: data[:-size] + public)
    return lying.register(key, known, challenge)


def saying(answer: dict[str, Any], **response: bytes | None) -> dict[str, Any]:
    """The answer with other bytes in it."""
    said = {name: raw and encode(raw) for name, raw in response.items()}
    return answer | {"response": answer["response"] | said}


def forged(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with another bit in its signature."""
    signature = decode(answer["response"]["signature"])
    return saying(answer, signature=signature[:-1] + bytes([signature[-1] ^ 1]))
