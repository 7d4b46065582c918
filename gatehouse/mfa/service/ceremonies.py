"""Verifying what authenticators answer. The library is imported when it is first needed."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import error as StructError  # noqa: N812 - beside other errors
from typing import Any
from uuid import UUID

from gatehouse.core.settings.model import WebauthnSettings
from gatehouse.mfa.rules.answers import Expected, Fault, fault_in_authenticator_data
from gatehouse.mfa.rules.attestation import is_vouched_for
from gatehouse.mfa.rules.keys import is_sound
from gatehouse.mfa.rules.options import ALGORITHMS

LONGEST_ID = 1023  # bytes (WebAuthn 4, "credential ID")
LONGEST_KEY = 2048  # bytes


class Refused(Exception):
    """An answer that does not verify. ``fault`` is the word of why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was just made. ``is_attested``: a maker whom we believe vouches for ``model``;
    ``is_verified``: the authenticator made sure who its user is.
    """

    credential_id: bytes
    public_key: bytes
    sign_count: int
    model: UUID
    is_attested: bool
    is_synced: bool
    is_backed_up: bool
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Used:
    sign_count: int
    is_synced: bool
    is_backed_up: bool
    is_verified: bool


def made(
    settings: WebauthnSettings,
    expected: Expected,
    *,
    credential_id: bytes,
    client_data: bytes,
    attestation_object: bytes,
    challenge: bytes,
) -> Made:
    """Verify a registration (WebAuthn 7.1). Raises Refused."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import bytes_to_base64url, cose, parse_cbor, structs  # noqa: PLC0415

    if fault := fault_in_authenticator_data(_authenticator_data(attestation_object), expected):
        raise Refused(fault)
    given = structs.RegistrationCredential(
        id=bytes_to_base64url(credential_id),
        raw_id=credential_id,
        response=structs.AuthenticatorAttestationResponse(client_data, attestation_object),
    )
    try:
        found = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=settings.rp_id,
            expected_origin=list(settings.origins),
            supported_pub_key_algs=[cose.COSEAlgorithmIdentifier(one) for one in ALGORITHMS],
        )
        key = parse_cbor(found.credential_public_key)
    except _unfit() as error:
        raise Refused(Fault.UNFIT) from error
    if found.credential_id != credential_id or len(credential_id) > LONGEST_ID:
        raise Refused(Fault.MALFORMED)
    if len(found.credential_public_key) > LONGEST_KEY or not is_sound(key):
        raise Refused(Fault.UNFIT)
    return _as_made(settings, found)


def _as_made(settings: WebauthnSettings, found: Any) -> Made:
    model = UUID(found.aaguid)
    return Made(
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        model=model,
        is_attested=_is_attested(settings.attestation_roots, found.attestation_object, model),
        is_synced=found.credential_device_type == "multi_device",
        is_backed_up=found.credential_backed_up,
        is_verified=found.user_verified,
    )


def used(
    settings: WebauthnSettings,
    *,
    credential_id: bytes,
    client_data: bytes,
    authenticator_data: bytes,
    signature: bytes,
    challenge: bytes,
    public_key: bytes,
) -> Used:
    """Verify a sign-in (WebAuthn 7.2), but for the counter. Raises Refused."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import bytes_to_base64url, structs  # noqa: PLC0415

    given = structs.AuthenticationCredential(
        id=bytes_to_base64url(credential_id),
        raw_id=credential_id,
        response=structs.AuthenticatorAssertionResponse(
            client_data_json=client_data,
            authenticator_data=authenticator_data,
            signature=signature,
        ),
    )
    try:
        found = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=settings.rp_id,
            expected_origin=list(settings.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
        )
    except _unfit() as error:
        raise Refused(Fault.SIGNATURE) from error
    return Used(
        sign_count=found.new_sign_count,
        is_synced=found.credential_device_type == "multi_device",
        is_backed_up=found.credential_backed_up,
        is_verified=found.user_verified,
    )


def _authenticator_data(attestation_object: bytes) -> bytes:
    from webauthn.helpers import parse_cbor  # noqa: PLC0415

    try:
        found = parse_cbor(attestation_object)["authData"]
    except _unfit() as error:
        raise Refused(Fault.MALFORMED) from error
    return found if isinstance(found, bytes) else b""


def _is_attested(roots: Path | None, attestation_object: bytes, model: UUID) -> bool:
    """Whether a maker whom the operator believes vouches for the model (WebAuthn 8.2)."""
    if roots is None:
        return False
    from webauthn.helpers import parse_attestation_object, validate_certificate_chain  # noqa: PLC0415

    found = parse_attestation_object(attestation_object)
    chain, believed = found.att_stmt.x5c, list(_certificates(roots))
    # With nobody to believe, the library believes everybody.
    if found.fmt != "packed" or not chain or not believed or not is_vouched_for(chain[0], model):
        return False
    try:
        return bool(validate_certificate_chain(x5c=chain, pem_root_certs_bytes=believed))
    except _unfit():
        return False


@cache
def _certificates(path: Path) -> tuple[bytes, ...]:
    """Each of the file by itself."""
    end = b"-----END CERTIFICATE-----"
    parts = path.read_bytes().split(end)[:-1]
    return tuple(part.strip() + b"\n" + end + b"\n" for part in parts)


@cache
def _unfit() -> tuple[type[Exception], ...]:
    """What the library, and those that it stands on, raise for bytes that are not what they seem.
    Found by feeding it with such (``tests/mfa/test_junk.py``).
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from OpenSSL.crypto import Error as OpenSslError  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    of_values = (ValueError, LookupError, TypeError, AttributeError)
    of_bytes = (ArithmeticError, EOFError, StructError, RecursionError)
    of_certificates = (
        x509.InvalidVersion,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        OpenSslError,
    )
    of_keys = (InvalidSignature, UnsupportedAlgorithm)
    return (WebAuthnException, *of_values, *of_bytes, *of_certificates, *of_keys)
