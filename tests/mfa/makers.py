"""Makers of authenticators, with certificates that may lie (WebAuthn 8.2.1)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gatehouse.mfa.rules.attestation import AAGUID, OCTETS, UNIT
from tests.authenticators import Key

DAY = timedelta(days=1)


class Certified:
    """A key with a certificate. ``by``: who signed that, else itself."""

    def __init__(self, by: "Certified | None" = None, **said: Any) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        signer = by.key if by else self.key
        self.name = _name(said.get("unit", UNIT))
        until = datetime.now(UTC) + said.get("life", DAY)
        made = _certificate(self.name, by.name if by else self.name, self.key.public_key(), until)
        if said.get("ca") is not None:
            made = made.add_extension(x509.BasicConstraints(said["ca"], None), critical=True)
        if model := said.get("model"):
            value = x509.UnrecognizedExtension(AAGUID, said.get("octets", OCTETS) + model.bytes)
            made = made.add_extension(value, critical=said.get("critical", False))
        self.certificate = made.sign(signer, hashes.SHA256())
        # Without the root: whoever believes it has it.
        self.chain = [_der(self), *(by.chain if by and by.is_signed_by_another else [])]
        self.is_signed_by_another = by is not None

    def vouch(self, _key: Key, signed: bytes) -> dict[str, Any]:
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return {"alg": -7, "sig": signature, "x5c": self.chain}


def _certificate(subject: x509.Name, issuer: x509.Name, key: Any, until: datetime) -> Any:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 10 * DAY)
        .not_valid_after(until)
    )


def _der(one: Certified) -> bytes:
    return one.certificate.public_bytes(Encoding.DER)


def _name(unit: str) -> x509.Name:
    parts = {
        NameOID.COUNTRY_NAME: "SE",
        NameOID.ORGANIZATION_NAME: "Maker",
        NameOID.ORGANIZATIONAL_UNIT_NAME: unit,
        NameOID.COMMON_NAME: f"Maker {uuid4()}",
    }
    return x509.Name([x509.NameAttribute(oid, said) for oid, said in parts.items()])


ROOT, OTHER_ROOT = Certified(ca=True), Certified(ca=True)
BELOW = Certified(ROOT, ca=True)
MODEL = uuid4()


def leaf(by: Certified = ROOT, **said: Any) -> Certified:
    return Certified(by, **{"ca": False, "model": MODEL, **said})
