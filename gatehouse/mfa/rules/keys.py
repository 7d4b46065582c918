"""Which public keys of passkeys are taken: sound ones, of the two kinds that we ask for. Pure.

Where no attestation is signed nobody has looked at the key yet. One off its curve, or one whose
exponent is 1, would be kept, and could be used without any private half.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

KTY, ALG = 1, 3  # labels of a COSE key (RFC 9052 7.1)
EC2, ES256 = 2, -7
CRV, X, Y = -1, -2, -3  # RFC 9053 7.1.1
P256 = 1
COORDINATE = 32  # bytes
RSA, RS256 = 3, -257
N, E = -1, -2  # RFC 8230 4
LEAST_BITS = 2048
EXPONENT = 65537  # That of every authenticator.


def is_sound(key: Any) -> bool:
    """``key`` is a COSE key, decoded: a map from labels."""
    if not isinstance(key, dict):
        return False
    kind = (key.get(KTY), key.get(ALG))
    try:
        return (kind == (EC2, ES256) and _is_point(key)) or (kind == (RSA, RS256) and _is_rsa(key))
    except ValueError:
        return False


def _is_point(key: dict[Any, Any]) -> bool:
    """Not compressed (WebAuthn 5.8.5). Raises ValueError if it is not on the curve."""
    x, y = key.get(X), key.get(Y)
    if key.get(CRV) != P256 or not isinstance(x, bytes) or not isinstance(y, bytes):
        return False
    if len(x) != COORDINATE or len(y) != COORDINATE:
        return False
    EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()
    return True


def _is_rsa(key: dict[Any, Any]) -> bool:
    """Raises ValueError if this is no modulus."""
    n, e = key.get(N), key.get(E)
    if not isinstance(n, bytes) or not isinstance(e, bytes) or int.from_bytes(e) != EXPONENT:
        return False
    return RSAPublicNumbers(EXPONENT, int.from_bytes(n)).public_key().key_size >= LEAST_BITS
