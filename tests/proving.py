"""Keys of clients in tests, and what is signed with them: assertions, DPoP proofs, certificates."""

from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import new as hmac
from ipaddress import ip_address
from json import dumps
from secrets import token_hex
from time import time
from typing import Any
from urllib.parse import quote

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from joserfc import jws

from gatehouse.core.jose import REGISTRY, private_key
from tests.relying import ISSUER

TOKEN = f"{ISSUER}/oidc/token"
USERINFO = f"{ISSUER}/oidc/userinfo"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_secret(secret: bytes, claims: dict[str, Any]) -> str:
    """A token by HS256."""
    body = unsigned({"alg": "HS256"}, claims).rstrip(".")
    return f"{body}.{b64(hmac(secret, body.encode(), sha256).digest())}"


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    """A token with whatever signature."""
    return f"{b64(orjson.dumps(header))}.{b64(orjson.dumps(claims))}.{signature}"


def signed(key: Any, header: str, claims: str) -> str:
    """A token whose parts are this text, as no library would write it; by ES256."""
    text = f"{b64(header.encode())}.{b64(claims.encode())}"
    return f"{text}.{b64(REGISTRY.get_alg('ES256').sign(text.encode(), key))}"


class Signer:
    """A key of a client."""

    def __init__(self, alg: str = "ES256", kid: str = "") -> None:
        self.alg = alg
        self.key: Any = private_key(alg)
        self.kid = kid

    @property
    def jwk(self) -> dict[str, Any]:
        found: dict[str, Any] = self.key.as_dict(private=False)
        found.pop("kid", None)
        return {**found, "kid": self.kid} if self.kid else found

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.jwk]}

    @property
    def jkt(self) -> str:
        return str(self.key.thumbprint())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        said = {"alg": self.alg, **({"kid": self.kid} if self.kid else {}), **header}
        said = {name: value for name, value in said.items() if value is not None}
        return jws.serialize_compact(said, dumps(claims).encode(), self.key, registry=REGISTRY)

    def assertion(self, client_id: str, header: Any = None, **claims: Any) -> str:
        """A proof of who the client is; ``None`` leaves a claim out."""
        return self.sign(assertion_claims(client_id, **claims), **(header or {}))

    def proof(
        self,
        url: str = TOKEN,
        method: str = "POST",
        *,
        token: str | None = None,
        header: Any = None,
        **claims: Any,
    ) -> str:
        """A DPoP proof; ``None`` leaves a claim or header out."""
        said = {"typ": "dpop+jwt", "jwk": self.jwk, "kid": None, **(header or {})}
        return self.sign(proof_claims(url, method, token=token, **claims), **said)


# What a header may say about keys and more, and what decides nothing (RFC 7515 4).
BESIDE: dict[str, Any] = {
    "jwk": Signer("ES256").jwk,
    "jku": "https://evil.example/jwks",
    "x5u": "https://evil.example/x",
    "x5c": ["MIIB"],
    "x5t": "dGh1bWI",
    "x5t#S256": "dGh1bWI",
    "nobody knows": {"this": 1},
}


def assertion_claims(client_id: str, **claims: Any) -> dict[str, Any]:
    now = int(time())
    usual = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60}
    said = {**usual, "jti": token_hex(16), **claims}
    return {name: value for name, value in said.items() if value is not None}


def proof_claims(
    url: str = TOKEN, method: str = "POST", *, token: str | None = None, **claims: Any
) -> dict[str, Any]:
    usual = {"htm": method, "htu": url, "iat": int(time()), "jti": token_hex(16)}
    if token is not None:
        usual["ath"] = b64(sha256(token.encode()).digest())
    said = {**usual, **claims}
    return {name: value for name, value in said.items() if value is not None}


def asserted(assertion: str, **sent: Any) -> dict[str, Any]:
    """The parameters of a call with an assertion."""
    return {"client_assertion_type": TYPE, "client_assertion": assertion, **sent}


class Shown:
    """A certificate that a client shows to the proxy."""

    def __init__(self, signer: Signer | None = None, days: int = 30, **names: str) -> None:
        pem = signer.key.as_pem(private=True) if signer else None
        key: Any = (
            load_pem_private_key(pem, None) if pem else ec.generate_private_key(ec.SECP256R1())
        )
        subject = x509.Name.from_rfc4514_string(names.pop("subject", "CN=client,O=Example"))
        begins = datetime.now(UTC) - timedelta(days=60 - days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=60))
        )
        if names:
            kinds: dict[str, Any] = {
                "dns": x509.DNSName,
                "uri": x509.UniformResourceIdentifier,
                "email": x509.RFC822Name,
                "ip": lambda text: x509.IPAddress(ip_address(text)),
            }
            listed = [kinds[kind](value) for kind, value in names.items()]
            builder = builder.add_extension(x509.SubjectAlternativeName(listed), critical=False)
        self.certificate = builder.sign(key, SHA256())
        self.der = self.certificate.public_bytes(Encoding.DER)

    @property
    def x5t(self) -> str:
        return b64(sha256(self.der).digest())

    @property
    def rfc9440(self) -> str:
        return f":{b64encode(self.der).decode()}:"

    @property
    def escaped(self) -> str:
        """As nginx has it in $ssl_client_escaped_cert."""
        return quote(self.certificate.public_bytes(Encoding.PEM).decode(), safe="")
