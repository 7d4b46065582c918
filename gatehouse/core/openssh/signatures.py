"""SSH signatures: who made one, and what a security key shows besides. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.core.openssh.keys import CURVES, CryptoKey, PublicKey
from gatehouse.core.openssh.wire import Malformed, Reader, mpint, string, strings

PRESENT, VERIFIED = 0x01, 0x04  # flags of authenticator data (WebAuthn 6.1)
FLAGS_AND_COUNTER = 5  # bytes

# RFC 8332 3. Never "ssh-rsa", which is SHA-1.
RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}
SIGNS_RSA = "rsa-sha2-512"

CURVE_NAMES = {curve.name: name.encode() for name, curve in CURVES.items()}
# RFC 5656 6.2.1.
ECDSA_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    b"nistp256": hashes.SHA256(),
    b"nistp384": hashes.SHA384(),
    b"nistp521": hashes.SHA512(),
}

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class SignatureFault(StrEnum):
    """Why a signature is refused, as a word for programs."""

    MALFORMED = "malformed"
    ALGORITHM = "wrong_algorithm"
    SIGNATURE = "not_verified"
    NAMESPACE = "wrong_namespace"
    KEY = "wrong_key"
    ABSENT = "user_not_present"
    UNVERIFIED = "user_not_verified"


class BadSignature(ValueError):
    """Refused. ``reason`` is for programs, the message for people."""

    def __init__(self, reason: SignatureFault, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Shown:
    """What a security key vouches for: a touch, a PIN or finger, and how often it has signed."""

    is_present: bool
    is_verified: bool
    counter: int


def verify(key: PublicKey, signature: bytes, data: bytes) -> Shown | None:
    """Verify a signature blob over ``data``; what is returned is None but for security keys.

    RFC 4253 6.6, RFC 5656 3.1.2, RFC 8332 3, RFC 8709 6; PROTOCOL.u2f, "SSH U2F Signatures".
    Whether the key's owner was there is not asked. Raises BadSignature.
    """
    reader = Reader(signature)
    try:
        algorithm = reader.string().decode("ascii", "replace")
        _refuse_algorithm(key, algorithm)
        body = reader.string()
        shown = reader.take(FLAGS_AND_COUNTER) if key.is_fido else b""
        reader.end()
        _verify(key.crypto, algorithm, body, _what_fido_signs(key, shown, data) if shown else data)
    except Malformed as error:
        message = f"The signature is damaged: {error}."
        raise BadSignature(SignatureFault.MALFORMED, message) from error
    except InvalidSignature as error:
        message = "The signature is not of this key, or of something else."
        raise BadSignature(SignatureFault.SIGNATURE, message) from error
    if not shown:
        return None
    return Shown(bool(shown[0] & PRESENT), bool(shown[0] & VERIFIED), int.from_bytes(shown[1:]))


def sign(private_key: PrivateKey, data: bytes) -> bytes:
    """Sign with a key of our own, and return a signature blob; RSA signs as rsa-sha2-512.

    RFC 5656 3.1.2, RFC 8332 3, RFC 8709 6. Raises TypeError for any other kind of key.
    """
    match private_key:
        case Ed25519PrivateKey():
            return strings([b"ssh-ed25519", private_key.sign(data)])
        case ec.EllipticCurvePrivateKey(curve=curve):
            r, s = decode_dss_signature(private_key.sign(data, _ecdsa(curve)))
            return strings([b"ecdsa-sha2-" + _name_of(curve), mpint(r) + mpint(s)])
        case rsa.RSAPrivateKey():
            body = private_key.sign(data, PKCS1v15(), RSA_HASHES[SIGNS_RSA])
            return strings([SIGNS_RSA.encode(), body])
    raise TypeError("no kind of key that signs for SSH")


def public_blob(private_key: PrivateKey) -> bytes:
    """The public key of a key of our own (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4).

    Raises TypeError for any other kind of key.
    """
    match private_key.public_key():
        case Ed25519PublicKey() as public:
            return strings([b"ssh-ed25519", public.public_bytes_raw()])
        case ec.EllipticCurvePublicKey(curve=curve) as public:
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return strings([b"ecdsa-sha2-" + _name_of(curve), _name_of(curve), point])
        case rsa.RSAPublicKey() as public:
            numbers = public.public_numbers()
            return string(b"ssh-rsa") + mpint(numbers.e) + mpint(numbers.n)
    raise TypeError("no kind of key that signs for SSH")


def _name_of(curve: ec.EllipticCurve) -> bytes:
    if curve.name not in CURVE_NAMES:
        raise TypeError("no curve that SSH has")
    return CURVE_NAMES[curve.name]


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    return ec.ECDSA(ECDSA_HASHES[_name_of(curve)])


def _refuse_algorithm(key: PublicKey, algorithm: str) -> None:
    takes = RSA_HASHES if isinstance(key.crypto, rsa.RSAPublicKey) else {key.type}
    if algorithm not in takes:
        message = f"A key of this type signs as {' or '.join(takes)}."
        raise BadSignature(SignatureFault.ALGORITHM, message)


def _what_fido_signs(key: PublicKey, shown: bytes, data: bytes) -> bytes:
    application = (key.application or "").encode()
    return sha256(application).digest() + shown + sha256(data).digest()


def _verify(crypto: CryptoKey, algorithm: str, body: bytes, signed: bytes) -> None:
    """Raises InvalidSignature, and Malformed."""
    match crypto:
        case Ed25519PublicKey():
            crypto.verify(body, signed)
        case ec.EllipticCurvePublicKey():
            crypto.verify(_ecdsa_body(crypto.curve, body), signed, _ecdsa(crypto.curve))
        case rsa.RSAPublicKey():
            if len(body) != (crypto.key_size + 7) // 8:
                raise Malformed("it is not as long as the key")
            crypto.verify(body, signed, PKCS1v15(), RSA_HASHES[algorithm])


def _ecdsa_body(curve: ec.EllipticCurve, body: bytes) -> bytes:
    """Both numbers of RFC 5656 3.1.2 as the library wants them."""
    reader = Reader(body)
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    if not (0 < r < curve.group_order and 0 < s < curve.group_order):
        raise Malformed("a number in it is out of range")
    return encode_dss_signature(r, s)
