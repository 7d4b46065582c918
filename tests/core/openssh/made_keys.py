"""Keys for the tests: blobs of every type, and authorities that sign. Each is made once."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat as Public

from gatehouse.core.openssh.wire import Reader, mpint, string

RSA = "ssh-rsa"
ED25519 = "ssh-ed25519"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
CURVES = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), SHA512()),
}
SIGNING = (ED25519, *CURVES, RSA)
ALL = (*SIGNING, SK_ED25519, SK_ECDSA)


@dataclass(frozen=True)
class Authority:
    blob: bytes
    sign: Callable[[bytes], bytes]
    private: str


@cache
def private_key(of_type: str, name: str):
    if of_type in CURVES:
        return ec.generate_private_key(CURVES[of_type][0])
    if of_type == RSA:
        return rsa.generate_private_key(65537, 3072)
    return ed25519.Ed25519PrivateKey.generate()


def blob_of(public) -> bytes:
    line = public.public_bytes(Encoding.OpenSSH, Public.OpenSSH)
    return base64.b64decode(line.split()[1])


@cache
def subject(of_type: str, name: str = "subject") -> bytes:
    """The blob of a public key. One in hardware is a plain one of another name, with "ssh:"."""
    plain = {SK_ED25519: ED25519, SK_ECDSA: "ecdsa-sha2-nistp256"}.get(of_type, of_type)
    blob = blob_of(private_key(plain, name).public_key())
    if plain == of_type:
        return blob
    return string(of_type.encode()) + blob.removeprefix(string(plain.encode())) + string(b"ssh:")


@cache
def authority(of_type: str, name: str = "authority") -> Authority:
    key = private_key(of_type, name)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return Authority(blob_of(key.public_key()), lambda data: signature(of_type, key, data), private)


def signature(of_type: str, key, data: bytes) -> bytes:
    if of_type == RSA:
        return string(b"rsa-sha2-512") + string(key.sign(data, padding.PKCS1v15(), SHA512()))
    if of_type in CURVES:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(CURVES[of_type][1])))
        return string(of_type.encode()) + string(mpint(r) + mpint(s))
    return string(of_type.encode()) + string(key.sign(data))


def public_line(blob: bytes) -> str:
    return f"{Reader(blob).string().decode()} {base64.b64encode(blob).decode()}"


def fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
