"""What is no public key is refused, with a word for programs and advice for people (threat 220)."""

from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gatehouse.core.openssh.bad_keys import BadKey, KeyFault
from gatehouse.core.openssh.keys import read_blob, read_public_key
from gatehouse.core.openssh.weakness import ROCA_PRIMES
from gatehouse.core.openssh.wire import mpint, string, strings
from tests.core.openssh.conftest import Pair
from tests.openssh import keygen

PRIME = (1 << 1024) - 105
MODULUS = (1 << 2048) - 1557  # Nothing is wrong with it that can be seen at once.
POINT = bytes([4]) + bytes(64)
ED25519, P256 = b"ssh-ed25519", b"ecdsa-sha2-nistp256"
SK_ED25519, SK_P256 = b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com"

# A text, with GOOD for the line of a good key and TYPE and BASE64 for its parts; and why not.
LINES = {
    "": "incomplete",
    " ": "incomplete",
    "\n": "incomplete",
    "\n\n": "not_one_line",
    "hello": "incomplete",
    "hello world": "unknown_type",
    "ssh-ed25519": "incomplete",
    "ssh-ed25519 ": "incomplete",
    "BASE64": "incomplete",
    "BASE64 ann@laptop": "incomplete",
    "GOOD\n\n": "not_one_line",
    "GOOD\nGOOD": "not_one_line",
    "GOOD\rGOOD": "not_one_line",
    "\nGOOD": "not_one_line",
    "GOOD\r": "not_one_line",
    "GOOD\n\r": "not_one_line",
    "TYPE\nBASE64": "not_one_line",
    "GOOD\0": "unseen_character",
    "GOOD\x1b[31m": "unseen_character",
    "TYPE\tBASE64": "unseen_character",
    "GOOD a\u202eb": "unseen_character",
    "GOOD a\u2028b": "unseen_character",
    "GOOD a\x85b": "unseen_character",
    "\ufeffGOOD": "unseen_character",
    "GOOD \ud800": "unseen_character",
    "GOOD " + "x" * 16384: "too_long",
    "GOOD " + "\u20ac" * 6000: "too_long",
    "TYPE BASE64=": "not_base64",
    "TYPE BASE64====": "not_base64",
    "TYPE *BASE64": "not_base64",
    "TYPE BASE64\u00e9": "not_base64",
    "TYPE AAAA_-BB": "not_base64",
    "TYPE AAAAB": "not_base64",
    "TYPE AB==": "not_base64",
    "TYPE AAAA": "malformed",
    "TYPE BASE64AAAA": "malformed",
    "ssh-rsa BASE64": "type_differs",
    "ecdsa-sha2-nistp256 BASE64": "type_differs",
    "sk-ssh-ed25519@openssh.com BASE64": "type_differs",
    "SSH-ED25519 BASE64": "unknown_type",
    "ssh-ed448 BASE64": "unknown_type",
    "ssh-ed25519@openssh.com BASE64": "unknown_type",
    "rsa-sha2-512 BASE64": "unknown_type",
    "ssh-xmss@openssh.com BASE64": "unknown_type",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com BASE64": "unknown_type",
    "x509v3-ssh-rsa BASE64": "unknown_type",
    "2048 65537 26418904189048190 ann@laptop": "unknown_type",
    "ssh-dss BASE64 ann@laptop": "dsa",
    "ssh-ed25519-cert-v01@openssh.com BASE64": "certificate",
    "ssh-rsa-cert-v00@openssh.com BASE64": "certificate",
    "sk-ssh-ed25519-cert-v01@openssh.com BASE64": "certificate",
    "ssh-dss-cert-v01@openssh.com BASE64": "certificate",
    "no-pty GOOD": "options",
    'command="echo hi",no-pty GOOD': "options",
    'from="10.0.0.0/8" GOOD': "options",
    "cert-authority GOOD": "options",
    "@cert-authority *.example.com GOOD": "options",
    "git.example.com,10.0.0.1 GOOD": "options",
    "no-pty ssh-dss AAAA": "options",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n": "private_key",
    "\n-----BEGIN RSA PRIVATE KEY-----\r\nMIIE": "private_key",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----": "private_key",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----": "private_key",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----": "private_key",
    "PuTTY-User-Key-File-3: ssh-ed25519": "private_key",
    "SSH PRIVATE KEY FILE FORMAT 1.1\n": "private_key",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ": "private_key",
    "AGE-SECRET-KEY-1QQQQ": "private_key",
    "GOOD\n-----BEGIN OPENSSH PRIVATE KEY-----": "private_key",
    "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x": "other_format",
    "-----BEGIN PUBLIC KEY-----\nMIIB": "other_format",
    "-----BEGIN RSA PUBLIC KEY-----\nMIIB": "other_format",
    "-----BEGIN CERTIFICATE-----\nMIIB": "other_format",
    "-----BEGIN SSH SIGNATURE-----\nU1NI": "other_format",
    "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8": "other_format",
    "256 SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 ann (ED25519)": "other_format",
    "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48": "other_format",
    "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48": "other_format",
}

# The table of encodings that libraries refuse: y = 0, 1, both of order 8, p - 1, p, p + 1.
SMALL_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)


def rsa_blob(exponent: int, modulus: int) -> bytes:
    return string(b"ssh-rsa") + mpint(exponent) + mpint(modulus)


def of_roca(bits: int) -> int:
    """A number that is built as the chips built their primes, and so their products."""
    step = 1
    for prime in ROCA_PRIMES:
        step *= prime
    return (1 << bits) // step * step + pow(65537, 12345, step)


# Exponent, modulus, and what is said of them.
WEAK_RSA = {
    "1024 bits": (65537, PRIME, "2048 bits at least"),
    "2047 bits": (65537, MODULUS >> 1, "2048 bits at least"),
    "16385 bits": (65537, (1 << 16385) - 1, "16384 bits at most"),
    "an even modulus": (65537, 2 * MODULUS, "easily found"),
    "3 times something": (65537, 3 * MODULUS, "easily found"),
    "751 times something": (65537, 751 * MODULUS, "easily found"),
    "a square": (65537, PRIME**2, "easily found"),
    "two close primes": (65537, PRIME * (PRIME - 74), "easily found"),
    "a chip's own primes": (65537, of_roca(2048), "made by a chip"),
    "a chip's own primes, longer": (65537, of_roca(3072), "made by a chip"),
    "exponent 0": (0, MODULUS, "exponent"),
    "exponent 1": (1, MODULUS, "exponent"),
    "exponent 3": (3, MODULUS, "exponent"),
    "an even exponent": (65538, MODULUS, "exponent"),
    "a huge exponent": ((1 << 64) + 1, MODULUS, "exponent"),
}

BLOBS = {
    "nothing": (b"", "malformed"),
    "no type": (string(b""), "unknown_type"),
    "a type that is no text": (string(b"\xff\xfe"), "unknown_type"),
    "DSA": (strings([b"ssh-dss", b"", b"", b"", b""]), "dsa"),
    "Ed448": (strings([b"ssh-ed448", bytes(57)]), "unknown_type"),
    "a certificate": (strings([b"ssh-ed25519-cert-v01@openssh.com", b"n"]), "certificate"),
    "a length beyond all": (b"\xff\xff\xff\xff", "malformed"),
    "31 bytes of Ed25519": (strings([ED25519, bytes(31)]), "malformed"),
    "33 bytes of Ed25519": (strings([ED25519, bytes(33)]), "malformed"),
    "no point of Ed25519": (strings([ED25519, bytes([2, *bytes(31)])]), "not_on_curve"),
    "y beyond p": (strings([ED25519, b"\xf1" + b"\xff" * 30 + b"\x7f"]), "not_on_curve"),
    "a point of order 1 at a security key": (
        strings([SK_ED25519, bytes([1, *bytes(31)]), b"ssh:"]),
        "weak",
    ),
    "another curve than the type": (strings([P256, b"nistp384", POINT]), "type_differs"),
    "no point": (strings([P256, b"nistp256", b""]), "malformed"),
    "the point at infinity": (strings([P256, b"nistp256", b"\0"]), "malformed"),
    "infinity in full": (strings([P256, b"nistp256", bytes(65)]), "malformed"),
    "a compressed point": (strings([P256, b"nistp256", b"\2" + bytes(32)]), "malformed"),
    "a hybrid point": (strings([P256, b"nistp256", b"\6" + bytes(64)]), "malformed"),
    "a point off the curve": (strings([P256, b"nistp256", POINT]), "not_on_curve"),
    "half a point": (strings([P256, b"nistp256", POINT[:33]]), "not_on_curve"),
    "a coordinate beyond p": (
        strings([P256, b"nistp256", b"\4" + b"\xff" * 64]),
        "not_on_curve",
    ),
    "a negative modulus": (
        strings([b"ssh-rsa", b"\1\0\1", b"\x80" + bytes(255)]),
        "malformed",
    ),
    "a long exponent": (strings([b"ssh-rsa", b"\0\1\0\1", b"\1" * 257]), "malformed"),
    "more than a blob may have": (strings([b"ssh-rsa", bytes(16385)]), "too_long"),
}


@pytest.mark.parametrize(("text", "why"), LINES.items(), ids=lambda value: ascii(value)[:60])
def test_a_text_that_is_no_key_is_refused_with_the_reason(
    pairs: dict[str, Pair], text: str, why: str
):
    good = pairs["ssh-ed25519"].public
    type_, encoded = good.text.split()
    posted = text.replace("GOOD", good.text).replace("TYPE", type_).replace("BASE64", encoded)

    with pytest.raises(BadKey) as refused:
        read_public_key(posted)

    assert refused.value.reason == KeyFault(why)
    assert encoded not in str(refused.value)


@pytest.mark.parametrize("what", BLOBS)
def test_a_blob_that_is_no_key_is_refused_with_the_reason(what: str):
    blob, why = BLOBS[what]
    with pytest.raises(BadKey) as refused:
        read_blob(blob)
    assert refused.value.reason == KeyFault(why)


@pytest.mark.parametrize(
    "application", [b"", b"a\nb", b"a\0", b"\xff", b"x" * 256, b"a\xe2\x80\xae"]
)
def test_a_security_key_says_legibly_what_it_is_for(pairs: dict[str, Pair], application: bytes):
    for type_ in (SK_ED25519, SK_P256):
        blob = pairs[type_.decode()].public.blob
        cut = blob.removesuffix(string(b"ssh:"))
        with pytest.raises(BadKey) as refused:
            read_blob(cut + string(application))
        assert refused.value.reason == KeyFault.APPLICATION
        assert read_blob(cut + string("ssh:bureau-à".encode())).application == "ssh:bureau-à"


@pytest.mark.parametrize("encoded", SMALL_ORDER)
@pytest.mark.parametrize("sign", [0x00, 0x80])
def test_no_point_of_small_order_is_a_key(encoded: str, sign: int):
    point = bytearray.fromhex(encoded)
    point[31] |= sign
    with pytest.raises(BadKey) as refused:
        read_blob(strings([ED25519, bytes(point)]))
    assert refused.value.reason in {KeyFault.WEAK, KeyFault.NOT_ON_CURVE}


def test_a_point_of_small_order_would_take_anybodys_signature():
    nobodys = bytes([1, *bytes(31)])
    for message in (b"one", b"another"):
        Ed25519PublicKey.from_public_bytes(nobodys).verify(nobodys + bytes(32), message)


def test_half_of_all_numbers_are_no_points():
    honest = [Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(50)]
    for point in honest:
        assert read_blob(strings([ED25519, point])).blob
    refused = 0
    for first in range(100):
        try:
            read_blob(strings([ED25519, bytes([first, *range(31)])]))
        except BadKey as bad:
            refused += bad.reason == KeyFault.NOT_ON_CURVE
    assert 20 < refused < 80


def test_rsa_keys_of_usual_sizes_are_not_weak():
    for bits in (2048, 3072):
        numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
        assert read_blob(rsa_blob(numbers.e, numbers.n)).bits == bits


@pytest.mark.parametrize("what", WEAK_RSA)
def test_an_rsa_key_that_can_be_broken_is_refused(what: str):
    exponent, modulus, why = WEAK_RSA[what]
    with pytest.raises(BadKey, match=why) as refused:
        read_blob(rsa_blob(exponent, modulus))
    assert refused.value.reason == KeyFault.WEAK


def test_the_numbers_beside_the_weak_ones_are_taken():
    for exponent in (65537, 65539, (1 << 64) - 1):
        assert read_blob(rsa_blob(exponent, MODULUS)).bits == 2048
    assert read_blob(rsa_blob(65537, (1 << 16384) - 15)).bits == 16384


def test_what_ssh_keygen_makes_besides_is_refused(pairs: dict[str, Pair], tmp_path: Path):
    """A certificate, a private key, and public keys in its other formats."""
    ours = pairs["ssh-ed25519"].path
    rsa_key = pairs["ssh-rsa"].path
    (tmp_path / "key.pub").write_text(pairs["ssh-ed25519"].line)
    keygen("-q", "-s", ours, "-I", "id", "-n", "ann", tmp_path / "key.pub")

    found = {
        "certificate": (tmp_path / "key-cert.pub").read_text(),
        "private_key": ours.read_text(),
    }
    formats = [keygen("-e", "-m", kind, "-f", rsa_key) for kind in ("RFC4716", "PKCS8", "PEM")]

    for why, text in [*found.items(), *(("other_format", text) for text in formats)]:
        with pytest.raises(BadKey) as refused:
            read_public_key(text)
        assert refused.value.reason == KeyFault(why), text


def test_a_blob_of_another_curve_is_refused():
    point = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    raw = b"\4" + point.x.to_bytes(48) + point.y.to_bytes(48)
    with pytest.raises(BadKey) as refused:
        read_blob(strings([P256, b"nistp256", raw]))
    assert refused.value.reason == KeyFault.NOT_ON_CURVE


def test_the_advice_does_not_repeat_what_was_posted():
    with pytest.raises(BadKey) as refused:
        read_public_key(f"<b>bold</b> {b64encode(b'x').decode()}")
    assert "bold" not in str(refused.value)
