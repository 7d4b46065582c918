"""Which public keys of passkeys are sound (threat 134)."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256

from gatehouse.mfa.rules.keys import is_sound

POINT = dict(ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key()))
BIG = {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\1\0\1"}
SMALL = BIG | {-1: b"\xff" * 128}
OTHERS: dict[str, Any] = {
    "nothing": {},
    "a number": 4,
    "a list": [1, 2, 3],
    "a point off the curve": POINT | {-3: bytes(31) + b"\1"},
    "no point": POINT | {-2: bytes(32), -3: bytes(32)},
    "a coordinate beyond the field": POINT | {-2: b"\xff" * 32},
    "a compressed point": POINT | {-3: True},
    "a longer coordinate": POINT | {-2: b"\0" + POINT[-2]},
    "an empty coordinate": POINT | {-2: b""},
    "a coordinate as a number": POINT | {-2: 5},
    "no curve": {name: value for name, value in POINT.items() if name != -1},
    "another curve": POINT | {-1: 2},
    "a list as its kind": POINT | {1: [2]},
    "a point for RSA": POINT | {3: -257},
    "a modulus for a curve": BIG | {3: -7},
    "another hash": BIG | {3: -258},
    "HMAC": {1: 4, 3: 5, -1: bytes(32)},
    "exponent 1": BIG | {-2: b"\1"},
    "exponent 0": BIG | {-2: b"\0"},
    "no exponent": BIG | {-2: b""},
    "an even exponent": BIG | {-2: b"\1\0\0"},
    "an exponent as a number": BIG | {-2: 65537},
    "modulus 0": BIG | {-1: bytes(256)},
    "no modulus": BIG | {-1: b""},
    "a modulus as text": BIG | {-1: "n" * 256},
    "a modulus of 1024 bits": SMALL,
    "a modulus of 1024 bits, with zeros before it": BIG | {-1: bytes(128) + SMALL[-1]},
}


@pytest.mark.parametrize("key", [POINT, BIG])
def test_those_that_authenticators_make_are(key: dict[int, Any]):
    assert is_sound(key)


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_not(name: str):
    assert not is_sound(OTHERS[name])
