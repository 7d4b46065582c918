"""Whether the certificate of an authenticator's maker speaks of a model (WebAuthn 8.2.1). Pure."""

from uuid import UUID

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

AAGUID = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")  # id-fido-gen-ce-aaguid
UNIT = "Authenticator Attestation"
OCTETS = b"\x04\x10"  # DER: an OCTET STRING of 16 bytes
UNREADABLE = (
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def is_vouched_for(leaf: bytes, model: UUID) -> bool:
    """``leaf`` is the certificate (DER) that signed. Who signed that is not asked here."""
    try:
        certificate = x509.load_der_x509_certificate(leaf)
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        named = certificate.extensions.get_extension_for_oid(AAGUID)
        is_authority = certificate.extensions.get_extension_for_class(
            x509.BasicConstraints
        ).value.ca
    except (ValueError, *UNREADABLE):
        return False
    if not isinstance(named.value, x509.UnrecognizedExtension) or named.critical or is_authority:
        return False
    return [unit.value for unit in units] == [UNIT] and named.value.value == OCTETS + model.bytes
