"""A security key made of software, as the SSH agent's helper would speak to one (PROTOCOL.u2f)."""

from base64 import encodebytes
from dataclasses import dataclass
from hashlib import new, sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gatehouse.core.openssh.signatures import public_blob, sign
from gatehouse.core.openssh.wire import Reader, string, strings, uint32

TOUCHED, VERIFIED = 1, 4


@dataclass
class SoftKey:
    """Signs like a security key; touched or not, as its owner likes."""

    private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    application: bytes = b"ssh:"
    flags: int = TOUCHED
    counter: int = 0

    @property
    def type(self) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return b"sk-ssh-ed25519@openssh.com"
        return b"sk-ecdsa-sha2-nistp256@openssh.com"

    @property
    def blob(self) -> bytes:
        _, *numbers = Reader(public_blob(self.private)).strings()
        return strings([self.type, *numbers, self.application])

    def sign(self, data: bytes) -> bytes:
        self.counter += 1
        shown = bytes([self.flags]) + uint32(self.counter)
        hashes = sha256(self.application).digest(), sha256(data).digest()
        _, body = Reader(sign(self.private, hashes[0] + shown + hashes[1])).strings()
        return strings([self.type, body]) + shown


def soft_keys() -> list[SoftKey]:
    curve = ec.SECP256R1()
    return [SoftKey(Ed25519PrivateKey.generate()), SoftKey(ec.generate_private_key(curve))]


def armored(key: SoftKey, message: bytes, namespace: str, hash_name: str = "sha512") -> str:
    """An SSHSIG of a security key, as `ssh-keygen -Y sign` makes one."""

    names = [namespace.encode(), b"", hash_name.encode()]
    signed = b"SSHSIG" + strings([*names, new(hash_name, message).digest()])
    blob = b"SSHSIG" + uint32(1) + string(key.blob) + strings([*names, key.sign(signed)])
    body = encodebytes(blob).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{body}-----END SSH SIGNATURE-----\n"
