"""RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, PROTOCOL.u2f: what a key and a signature consist of."""

import pytest

from gatehouse.core.openssh.layouts import check_signature, key_type
from gatehouse.core.openssh.wire import Malformed, mpint, string, strings, uint32
from tests.core.openssh.made_keys import (
    ALL,
    ED25519,
    SIGNING,
    SK_ECDSA,
    SK_ED25519,
    authority,
    subject,
)

P256 = b"ecdsa-sha2-nistp256"
POINT = subject(P256.decode())[-65:]


@pytest.mark.parametrize("of_type", ALL)
def test_a_key_is_of_the_type_that_it_says(of_type: str):
    assert key_type(subject(of_type)) == of_type


@pytest.mark.parametrize("of_type", SIGNING)
def test_signatures_are_known_by_their_keys(of_type: str):
    by = authority(of_type)
    check_signature(by.sign(b"data"), by.blob)

    with pytest.raises(Malformed):
        check_signature(by.sign(b"data") + b"\0", by.blob)
    with pytest.raises(Malformed):
        check_signature(by.sign(b"data") + b"\1" + uint32(5), subject(SK_ED25519))


def rsa(e: int, n: int) -> bytes:
    return string(b"ssh-rsa") + mpint(e) + mpint(n)


WRONG = {
    "nothing": b"",
    "no type": string(b""),
    "a type that is no text": string(b"\xff"),
    "ssh-dss": strings([b"ssh-dss", b"\1", b"\1", b"\1", b"\1"]),
    "a certificate": strings([b"ssh-ed25519-cert-v01@openssh.com", bytes(32)]),
    "short Ed25519": strings([ED25519.encode(), bytes(31)]),
    "long Ed25519": strings([ED25519.encode(), bytes(33)]),
    "RSA with 1,023 bits": rsa(65537, 2**1023 - 1),
    "RSA with 16,385 bits": rsa(65537, 2**16_385 - 1),
    "negative RSA": strings([b"ssh-rsa", b"\3", b"\xff" * 256]),
    "RSA without its modulus": string(b"ssh-rsa") + mpint(65537),
    "another curve": strings([P256, b"nistp384", POINT]),
    "no point": strings([P256, b"nistp256", b""]),
    "the point at infinity": strings([P256, b"nistp256", b"\0"]),
    "a compressed point": strings([P256, b"nistp256", b"\2" + POINT[1:33]]),
    "a point elsewhere": strings([P256, b"nistp256", POINT[:-1] + bytes([POINT[-1] ^ 1])]),
    "half a point": strings([P256, b"nistp256", POINT[:33]]),
    "no application": strings([SK_ED25519.encode(), bytes(32)]),
    "zero byte in the application": strings([SK_ED25519.encode(), bytes(32), b"ssh:\0"]),
    "hardware without application": strings([SK_ECDSA.encode(), b"nistp256", POINT]),
    "more bytes": subject(ED25519) + b"\0",
}


@pytest.mark.parametrize("blob", WRONG.values(), ids=WRONG)
def test_what_is_no_key_is_refused(blob: bytes):
    with pytest.raises(Malformed):
        key_type(blob)


def test_the_smallest_and_the_largest_rsa_key_that_openssh_reads_are_read():
    assert key_type(rsa(65537, 2**1024 - 1)) == "ssh-rsa"
    assert key_type(rsa(65537, 2**16_384 - 1)) == "ssh-rsa"
