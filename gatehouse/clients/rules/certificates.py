"""Certificates that clients show by TLS (RFC 8705): what they name, and whose they are. Pure."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gatehouse.clients.rules.addresses import plain_address
from gatehouse.clients.rules.options import Options
from gatehouse.clients.rules.subjects import NoSubject, subject_of
from gatehouse.core.base64url import encode

LONGEST = 16 * 1024
# RFC 8705 2.1.2: a client has exactly one of these.
SUBJECTS = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """``x5t`` names the certificate (RFC 8705 3.1), ``thumbprint`` its key (RFC 7638)."""

    x5t: str
    thumbprint: str
    subject: x509.Name
    dns: tuple[str, ...]
    uris: tuple[str, ...]
    ips: tuple[str, ...]
    emails: tuple[str, ...]
    begins: datetime
    ends: datetime

    def holds_at(self, now: datetime) -> bool:
        return self.begins <= now <= self.ends


@lru_cache(maxsize=256)
def read_certificate(text: str) -> Certificate | None:
    """The certificate of a header: ``:base64:`` (RFC 9440 2.1), or PEM as in an URL (nginx).

    None if it cannot be read: then nobody showed one.
    """
    if not text or len(text) > LONGEST:
        return None
    try:
        return _taken_apart(_loaded(text))
    except (ValueError, TypeError, JoseError, x509.DuplicateExtension):
        return None


def _loaded(text: str) -> x509.Certificate:
    if text.startswith(":") and text.endswith(":"):
        return x509.load_der_x509_certificate(b64decode(text[1:-1], validate=True))
    pem = unquote(text, errors="strict")
    if pem.count("-----BEGIN") != 1:
        raise ValueError("It is not one certificate.")
    return x509.load_pem_x509_certificate(pem.encode())


def _taken_apart(found: x509.Certificate) -> Certificate:
    der = found.public_bytes(Encoding.DER)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    return Certificate(
        x5t=encode(sha256(der).digest()),
        thumbprint=_thumbprint(found),
        subject=found.subject,
        dns=tuple(name.lower() for name in names.get_values_for_type(x509.DNSName)),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)),
        ips=tuple(str(ip) for ip in names.get_values_for_type(x509.IPAddress)),
        emails=tuple(_email(name) for name in names.get_values_for_type(x509.RFC822Name)),
        begins=found.not_valid_before_utc,
        ends=found.not_valid_after_utc,
    )


def _thumbprint(found: x509.Certificate) -> str:
    pem = found.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kinds: tuple[type[RSAKey | ECKey | OKPKey], ...] = (RSAKey, ECKey, OKPKey)
    for kind in kinds:
        try:
            return str(kind.import_key(pem).thumbprint())
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    return ""


def is_named(found: Certificate, options: Options) -> bool:
    """Whether the certificate names the client as it was registered, by the one way that was."""
    chosen = [(name, value) for name in SUBJECTS if (value := getattr(options, name))]
    if len(chosen) != 1:
        return False
    name, value = chosen[0]
    match name.removeprefix("tls_client_auth_"):
        case "subject_dn":
            return _is_subject(found.subject, value)
        case "san_dns":
            return value.lower() in found.dns
        case "san_uri":
            return value in found.uris
        case "san_email":
            return _email(value) in found.emails
    return plain_address(value) in found.ips


def _is_subject(subject: x509.Name, text: str) -> bool:
    """RFC 4514: what is compared is what the text means, not how it is spelled."""
    try:
        return subject_of(text) == subject
    except NoSubject:
        return False


def _email(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"
