"""SSH signatures of all seven types, and nothing but them."""

from random import Random
from timeit import repeat

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.core.openssh.keys import CURVES, read_blob
from gatehouse.core.openssh.signatures import (
    BadSignature,
    Shown,
    SignatureFault,
    public_blob,
    sign,
    verify,
)
from gatehouse.core.openssh.wire import Reader, mpint, string, strings, uint32
from tests.core.openssh.conftest import FIDO_TYPES, TYPES, Pair
from tests.core.openssh.soft_fido import SoftKey, soft_keys

DATA = b"what is signed"
BITS = 200  # of each signature are turned, besides all of its beginning and its end


def fault(pair: Pair, signature: bytes, data: bytes = DATA) -> SignatureFault:
    with pytest.raises(BadSignature) as refused:
        verify(pair.public, signature, data)
    assert str(refused.value)
    return refused.value.reason


def test_a_signature_holds_for_its_key_and_data_alone(pair: Pair, pairs: dict[str, Pair]):
    signature = pair.sign(DATA)

    assert (verify(pair.public, signature, DATA) is None) != pair.public.is_fido
    assert fault(pair, signature, DATA + b".") == SignatureFault.SIGNATURE
    for other in pairs.values():
        if other is not pair:
            assert fault(other, signature) == SignatureFault.ALGORITHM


def test_a_signature_of_another_key_of_the_type_is_refused(pair: Pair):
    if isinstance(pair.private, SoftKey):
        other = next(key for key in soft_keys() if key.type == pair.private.type).sign(DATA)
    elif pair.public.type == "ssh-rsa":
        body = bytearray(Reader(pair.sign(DATA)).strings()[1])
        other = strings([b"rsa-sha2-512", bytes(reversed(body))])
    else:
        other = sign(type_made_anew(pair), DATA)
    assert fault(pair, other) == SignatureFault.SIGNATURE


def type_made_anew(pair: Pair):
    if pair.public.type == "ssh-ed25519":
        return Ed25519PrivateKey.generate()
    return ec.generate_private_key(pair.private.curve)


def test_no_turned_bit_leaves_a_signature_valid(pair: Pair):
    signature = pair.sign(DATA)
    bits = len(signature) * 8
    sample = Random(1).sample(range(bits), BITS)  # noqa: S311
    for bit in {*sample, *range(8 * 24), *range(bits - 8 * 8, bits)}:
        turned = bytearray(signature)
        turned[bit // 8] ^= 1 << bit % 8
        assert fault(pair, bytes(turned)) in SignatureFault


def test_no_part_of_a_signature_is_one_and_nothing_may_follow(pair: Pair):
    signature = pair.sign(DATA)
    for length in range(len(signature)):
        assert fault(pair, signature[:length]) in SignatureFault
    for more in (b"\0", string(b""), signature):
        assert fault(pair, signature + more) == SignatureFault.MALFORMED


@given(st.binary(max_size=300), st.sampled_from(TYPES), st.lists(st.binary(max_size=80)))
def test_no_bytes_do_more_than_be_refused(
    pairs: dict[str, Pair], junk: bytes, type_: str, parts: list[bytes]
):
    name = b"rsa-sha2-256" if type_ == "ssh-rsa" else type_.encode()
    for signature in (junk, string(name) + junk, strings([name, *parts])):
        assert fault(pairs[type_], signature) in SignatureFault


@pytest.mark.parametrize(
    ("algorithm", "hash_", "why"),
    [
        (b"rsa-sha2-256", hashes.SHA256(), None),
        (b"rsa-sha2-512", hashes.SHA512(), None),
        (b"ssh-rsa", hashes.SHA1(), "wrong_algorithm"),  # noqa: S303
        (b"rsa-sha2-256", hashes.SHA512(), "not_verified"),
        (b"rsa-sha2-512", hashes.SHA1(), "not_verified"),  # noqa: S303
        (b"ssh-rsa-sha256@ssh.com", hashes.SHA256(), "wrong_algorithm"),
    ],
)
def test_rsa_signs_with_sha_2_only(
    pairs: dict[str, Pair], algorithm: bytes, hash_: hashes.HashAlgorithm, why: str | None
):
    pair = pairs["ssh-rsa"]
    signature = strings([algorithm, pair.private.sign(DATA, PKCS1v15(), hash_)])
    if why:
        assert fault(pair, signature) == SignatureFault(why)
    else:
        assert verify(pair.public, signature, DATA) is None


def test_an_rsa_signature_is_as_long_as_its_key(pairs: dict[str, Pair]):
    pair = pairs["ssh-rsa"]
    _, body = Reader(pair.sign(DATA)).strings()
    assert len(body) == 256
    for wrong in (b"", body[1:], b"\0" + body, body + b"\0"):
        assert fault(pair, strings([b"rsa-sha2-512", wrong])) == SignatureFault.MALFORMED


@pytest.mark.parametrize("curve", CURVES)
def test_the_numbers_of_ecdsa_are_in_range(pairs: dict[str, Pair], curve: str):
    pair = pairs[f"ecdsa-sha2-{curve}"]
    order = CURVES[curve].group_order
    reader = Reader(Reader(pair.sign(DATA)).strings()[1])
    r, s = reader.mpint(), reader.mpint()

    for numbers in ((0, s), (r, 0), (r + order, s), (r, s + order), (order, s), (r, order)):
        signature = strings([pair.public.type.encode(), b"".join(map(mpint, numbers))])
        assert fault(pair, signature) == SignatureFault.MALFORMED
    padded, more = string(b"\0" + r.to_bytes(66)) + mpint(s), mpint(r) + mpint(s) + mpint(0)
    for body in (padded, more):
        signature = strings([pair.public.type.encode(), body])
        assert fault(pair, signature) == SignatureFault.MALFORMED


@pytest.mark.parametrize("type_", FIDO_TYPES)
@pytest.mark.parametrize(
    ("flags", "present", "verified"), [(0, 0, 0), (1, 1, 0), (4, 0, 1), (5, 1, 1), (0x81, 1, 0)]
)
def test_a_security_key_tells_what_was_shown(type_: str, flags: int, present: int, verified: int):
    key = next(key for key in soft_keys() if key.type.decode() == type_)
    key.flags, key.counter = flags, 2**32 - 2

    shown = verify(read_blob(key.blob), key.sign(DATA), DATA)

    assert shown == Shown(bool(present), bool(verified), 2**32 - 1)


def test_what_a_security_key_was_shown_is_signed_with_the_rest(pairs: dict[str, Pair]):
    for type_ in FIDO_TYPES:
        pair = pairs[type_]
        signature = pair.sign(DATA)
        for shown in (b"\5" + signature[-4:], b"\1" + uint32(99999)):
            assert fault(pair, signature[:-5] + shown) == SignatureFault.SIGNATURE
        elsewhere = SoftKey(pair.private.private, application=b"ssh:elsewhere").sign(DATA)
        assert fault(pair, elsewhere) == SignatureFault.SIGNATURE


def test_the_key_inside_a_security_key_cannot_sign_as_an_ordinary_one(pairs: dict[str, Pair]):
    for type_ in FIDO_TYPES:
        private = pairs[type_].private.private
        assert fault(pairs[type_], sign(private, DATA)) == SignatureFault.ALGORITHM
        _, body = Reader(sign(private, DATA)).strings()
        posing = strings([type_.encode(), body])
        assert fault(pairs[type_], posing) == SignatureFault.MALFORMED
        assert fault(pairs[type_], posing + b"\1" + uint32(1)) == SignatureFault.SIGNATURE


@pytest.mark.parametrize(
    "private", [ed448.Ed448PrivateKey.generate(), ec.generate_private_key(ec.SECP256K1())]
)
def test_other_kinds_of_private_keys_are_a_mistake_of_ours(private):
    for use in (lambda: sign(private, DATA), lambda: public_blob(private)):
        with pytest.raises(TypeError):
            use()


def test_a_signature_is_verified_in_less_than_a_millisecond(pair: Pair):
    """The best of some tries; all but P-521 and RSA take far less."""
    signature = pair.sign(DATA)
    seconds = min(repeat(lambda: verify(pair.public, signature, DATA), number=5, repeat=20)) / 5
    assert seconds < 0.001 or pair.public.type == "ssh-rsa"
