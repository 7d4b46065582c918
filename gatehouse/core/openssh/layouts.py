"""What the blobs of public keys and of signatures consist of, for the seven types that we take."""

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric import ec

from gatehouse.core.openssh.wire import Malformed, Reader

ED25519_BYTES = 32
UNCOMPRESSED = b"\x04"
# What OpenSSH reads: SSH_RSA_MINIMUM_MODULUS_SIZE, and SSHBUF_MAX_BIGNUM.
LEAST_RSA_BITS, MOST_RSA_BITS = 1024, 16_384
FIDO = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
RSA = "ssh-rsa"
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")  # RFC 8332 3; never SHA-1.


def _ed25519(reader: Reader) -> None:
    if len(reader.string()) != ED25519_BYTES:
        raise Malformed("an Ed25519 key has 32 bytes")


def _rsa(reader: Reader) -> None:
    reader.mpint()
    if not LEAST_RSA_BITS <= reader.mpint().bit_length() <= MOST_RSA_BITS:
        raise Malformed("an RSA key has 1,024 to 16,384 bits")


def _ecdsa(name: bytes, curve: ec.EllipticCurve) -> Callable[[Reader], None]:
    def read(reader: Reader) -> None:
        if reader.string() != name:
            raise Malformed("the curve is not that of the type")
        point = reader.string()
        if not point.startswith(UNCOMPRESSED):
            raise Malformed("the point is not in its uncompressed form")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        except ValueError as error:
            raise Malformed("the point is not on its curve") from error

    return read


_p256 = _ecdsa(b"nistp256", ec.SECP256R1())


def _with_application(read: Callable[[Reader], None]) -> Callable[[Reader], None]:
    def read_both(reader: Reader) -> None:
        read(reader)
        if b"\0" in reader.string():
            raise Malformed("an application has no zero bytes")

    return read_both


FIELDS: Mapping[str, Callable[[Reader], None]] = {
    "ssh-ed25519": _ed25519,
    "ecdsa-sha2-nistp256": _p256,
    "ecdsa-sha2-nistp384": _ecdsa(b"nistp384", ec.SECP384R1()),
    "ecdsa-sha2-nistp521": _ecdsa(b"nistp521", ec.SECP521R1()),
    RSA: _rsa,
    "sk-ssh-ed25519@openssh.com": _with_application(_ed25519),
    "sk-ecdsa-sha2-nistp256@openssh.com": _with_application(_p256),
}


def key_type(blob: bytes) -> str:
    """The type of a public key, which is one of FIELDS; a certificate is none.

    RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, PROTOCOL.u2f "SSH U2F Key formats". Raises Malformed.
    """
    reader = Reader(blob)
    name = reader.string().decode("ascii", "replace")
    if name not in FIELDS:
        raise Malformed("this type of key is not taken")
    FIELDS[name](reader)
    reader.end()
    return name


def rsa_bits(blob: bytes) -> int:
    """How many bits the modulus of an RSA key has (RFC 4253 6.6). Raises Malformed."""
    reader = Reader(blob)
    reader.string()
    reader.mpint()
    return reader.mpint().bit_length()


def check_signature(signature: bytes, key: bytes) -> None:
    """Refuse what cannot be a signature by a public key: another type, other parts, more bytes.

    RFC 4253 6.6, RFC 8332 3, PROTOCOL.u2f "SSH U2F signatures". It does not verify the signature.
    Raises Malformed.
    """
    of_key = key_type(key)
    reader = Reader(signature)
    name = reader.string().decode("ascii", "replace")
    if name not in (RSA_SIGNATURES if of_key == RSA else (of_key,)):
        raise Malformed("the signature is not of the type of its key")
    reader.string()
    if of_key in FIDO:
        reader.byte()
        reader.uint32()
    reader.end()
