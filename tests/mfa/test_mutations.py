"""Bytes changed at random: never a failure of ours, and never taken for what they are not.

Threats 133 and 134.
"""

from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import ES256
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.core.base64url import decode, encode
from gatehouse.core.settings.model import WebauthnSettings
from gatehouse.mfa.rules.answers import CREATE, Expected
from gatehouse.mfa.service import ceremonies
from gatehouse.mfa.service.ceremonies import Made, Refused, Used
from tests.authenticators import FLAG, ORIGIN, Authenticator, Key, sign, with_key
from tests.mfa.makers import leaf

# What cryptography says of certificates that junk has got into; others see it in a log at most.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")

WEBAUTHN = WebauthnSettings("localhost", "Gatehouse", (ORIGIN,))
EXPECTED = Expected(CREATE, "localhost", (ORIGIN,))
CHALLENGE = bytes(52)
ASKED = {
    "rp": {"id": "localhost"},
    "user": {"id": encode(bytes(16))},
    "challenge": encode(CHALLENGE),
}
MAKER = leaf()


def by_itself(key: Key, signed: bytes) -> dict[str, Any]:
    return {"alg": -7, "sig": sign(key, signed)}


def authenticator(**said: Any) -> Authenticator:
    return Authenticator(fmt="packed", statement=by_itself).lying(**said)


HONEST = authenticator()
MADE = HONEST.make(ASKED)
USED = HONEST.use(ASKED)
(KEY,) = HONEST.keys
PUBLIC = cbor.encode(dict(ES256.from_cryptography_key(KEY.private.public_key())))


def make(attestation: bytes, *, answer: Any = MADE, key: Key = KEY) -> Made:
    return ceremonies.made(
        WEBAUTHN,
        EXPECTED,
        credential_id=key.id,
        client_data=decode(answer["response"]["clientDataJSON"]),
        attestation_object=attestation,
        challenge=CHALLENGE,
    )


def use(client: bytes, data: bytes, signature: bytes, public: bytes = PUBLIC) -> Used:
    return ceremonies.used(
        WEBAUTHN,
        credential_id=KEY.id,
        client_data=client,
        authenticator_data=data,
        signature=signature,
        challenge=CHALLENGE,
        public_key=public,
    )


# Heads of CBOR that promise much, tags, breaks, and floats.
HEADS = bytes.fromhex("9b bb 5b 7b db ff c1 c2 c4 c5 d8 81 a1 9f bf 5f fb f9 1b 3b f6 00 18")
Edit = tuple[str, int, int]
edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "flip", "head", "cut", "end", "twice"]),
        st.integers(0, 2**16),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


def edited(raw: bytes, how: list[Edit]) -> bytes:
    found = bytearray(raw)
    for kind, where, value in how:
        at = where % (len(found) or 1)
        if kind == "set":
            found[at : at + 1] = bytes([value])
        elif kind == "flip":
            found[at : at + 1] = bytes([(found[at] if found else 0) ^ (1 << value % 8)])
        elif kind == "head":
            found[at:at] = HEADS[value % len(HEADS) :][:1]
        elif kind == "cut":
            del found[at : at + 1 + value % 20]
        elif kind == "end":
            del found[at:]
        else:
            found[at:at] = found[at : at + value]
    return bytes(found)


@settings(max_examples=400, deadline=None)
@given(edits)
def test_a_changed_attestation_is_refused_or_says_what_was_signed(how: list[Edit]):
    right = decode(MADE["response"]["attestationObject"])
    try:
        found = make(edited(right, how))
    except Refused:
        return
    assert found == make(right)


anything = st.recursive(
    st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=10)
    | st.sampled_from([-7, -257, 1, 2, 3, "2.0", bytes(300), MAKER.chain[0], MAKER.chain]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(-4, 4) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=6,
)
FORMATS = ("packed", "fido-u2f", "tpm", "android-key", "android-safetynet", "apple")
FIELDS = ("alg", "sig", "x5c", "ver", "certInfo", "pubArea", "response")
certificates = st.lists(edits.map(lambda how: edited(MAKER.chain[0], how)), min_size=1, max_size=2)
statements = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(FIELDS, anything) | {"x5c": certificates | anything}
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FORMATS), statements, st.booleans())
def test_a_statement_of_junk_registers_nothing(fmt: str, said: dict[str, Any], is_signed: bool):  # noqa: FBT001
    def statement(key: Key, signed: bytes) -> dict[str, Any]:
        return {**(MAKER.vouch(key, signed) if is_signed else {}), **said}

    maker = HONEST.lying(fmt=fmt, statement=statement, keys=[])
    answer = maker.make(ASKED)
    try:
        make(decode(answer["response"]["attestationObject"]), answer=answer, key=maker.keys[0])
    except Refused:
        return
    assert fmt == "packed"
    assert is_signed  # by the maker: what is added to that is not looked at.


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.integers(-4, 4), anything, max_size=6) | anything)
def test_a_key_of_junk_is_not_registered(public: Any):
    key = Key("localhost", bytes(16), None)
    answer = with_key(key, cbor.encode(public), ASKED["challenge"])

    with pytest.raises(Refused):
        make(decode(answer["response"]["attestationObject"]), answer=answer, key=key)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]), edits)
def test_a_changed_answer_signs_nobody_in(part: str, how: list[Edit]):
    said = {name: decode(text) for name, text in USED["response"].items()}
    changed = said | {part: edited(said[part], how)}
    if changed == said:
        return

    with pytest.raises(Refused):
        use(changed["clientDataJSON"], changed["authenticatorData"], changed["signature"])


@settings(max_examples=200, deadline=None)
@given(edits)
def test_authenticator_data_of_junk_is_refused_though_it_is_signed(how: list[Edit]):
    """Or says what it seems to: a counter, flags."""
    lying = HONEST.lying(rewrite_data=lambda data: edited(data, how))
    said = {name: decode(text) for name, text in lying.use(ASKED)["response"].items()}
    try:
        found = use(said["clientDataJSON"], said["authenticatorData"], said["signature"])
    except Refused:
        return
    data = said["authenticatorData"]
    assert found.sign_count == int.from_bytes(data[33:37])
    assert found.is_verified == bool(data[32] & FLAG.UV)
    assert data[32] & FLAG.UP
