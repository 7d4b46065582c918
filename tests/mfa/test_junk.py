"""Junk in place of what authenticators and browsers say: refused, and no failure of ours.

Threats 133 and 134.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fido2 import cbor

from gatehouse.core.base64url import encode
from tests.authenticators import FLAG, KNOWN, ORIGIN, Key, with_key
from tests.mfa.doors import kept
from tests.mfa.makers import leaf
from tests.mfa.owners import KeyOwner

MAKER = leaf()
DEEP = b"\x81" * 30_000 + b"\0"
HUGE = b"\xff" * 8
ATTESTATIONS = {
    "nothing of CBOR": b"\xff",
    "a number": b"\x18\x2a",
    "an empty map": b"\xa0",
    "lists in lists": DEEP,
    "maps in maps": b"\xa1\x61a" * 10_000 + b"\0",
    "tags in tags": b"\xd8\x1c" * 15_000 + b"\0",
    "a list without end": b"\x9f" * 30_000,
    "a list of very many": b"\x9b" + HUGE,
    "a map of very many": b"\xbb" + HUGE,
    "very many bytes": b"\x5b\x7f" + HUGE[1:],
    "very long text": b"\x7b\x7f" + HUGE[1:],
    "a huge exponent of 2": b"\xc5\x82\x1b" + HUGE + b"\x01",
    "a huge exponent of 10": b"\xc4\x82\x1b" + HUGE + b"\x01",
    "a huge integer": b"\xc2\x59\x70\x00" + b"\xff" * 0x7000,
    "a division by nothing": b"\xd8\x1e\x82\x01\x00",
    "an expression that is none": b"\xd8\x23\x63[a-",
    "a reference to what is not there": b"\xd8\x1d\x18\x63",
    "a list that holds itself": b"\xd8\x1c\x81\xd8\x1d\x00",
    "a name twice": b"\xa2\x63fmt\x00\x63fmt\x01",
    "data that are a number": cbor.encode({"fmt": "none", "attStmt": {}, "authData": 5}),
    "data that are text": cbor.encode({"fmt": "none", "attStmt": {}, "authData": "x" * 99}),
    "no data": cbor.encode({"fmt": "none", "attStmt": {}}),
    "short data": cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(36)}),
}


def test_no_attestation_of_junk_is_our_failure(somebody: KeyOwner):
    before, found = kept(somebody), {}
    for name, raw in ATTESTATIONS.items():
        made = somebody.key.make(somebody.options())
        reply = somebody.send(
            made | {"response": made["response"] | {"attestationObject": encode(raw)}}
        )
        found[name] = reply.status_code, reply.json["error"]["details"].get("reason")

    assert found == dict.fromkeys(ATTESTATIONS, (400, "malformed"))
    assert kept(somebody) == before


JWS = ".".join(encode(part) for part in (b"[" * 9000, b"[" * 9000, b"x")).encode()
INSIDE: dict[str, tuple[str, Any]] = {
    "a SafetyNet answer in depth": ("android-safetynet", {"ver": "1", "response": JWS}),
    "a SafetyNet answer of no parts": ("android-safetynet", {"ver": "1", "response": b"..."}),
    "a TPM of zeros": (
        "tpm",
        {
            "ver": "2.0",
            "alg": -257,
            "x5c": MAKER.chain,
            "sig": b"\0",
            "certInfo": bytes(99),
            "pubArea": bytes(99),
        },
    ),
    "a certificate of a version to come": (
        "fido-u2f",
        {
            "sig": b"\0",
            "x5c": [MAKER.chain[0].replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", 1)],
        },
    ),
    "a certificate that is a number": ("packed", {"alg": -7, "sig": b"\0", "x5c": [5]}),
    "a chain that is a map": ("packed", {"alg": -7, "sig": b"\0", "x5c": {"a": 1}}),
    "an algorithm that is a map": ("packed", {"alg": {"a": 1}, "sig": b"\0", "x5c": MAKER.chain}),
    "a statement that is a list": ("packed", ["alg", "sig", "x5c"]),
    "a statement that is a number": ("apple", 5),
}


def test_no_statement_of_junk_is_our_failure(somebody: KeyOwner):
    before, found = kept(somebody), {}
    for name, (fmt, said) in INSIDE.items():
        maker = somebody.key.lying(fmt=fmt, statement=lambda _key, _signed, said=said: said)
        reply = somebody.send(maker.make(somebody.options()))
        found[name] = reply.status_code, reply.json["error"]["details"]

    assert found == dict.fromkeys(INSIDE, (400, {"reason": "not_verified"}))
    assert kept(somebody) == before


KEYS = {
    "the number 4, as of U2F": b"\x04",
    "a point as of U2F": b"\x04" + bytes(64),
    "nothing": b"",
    "no map": b"\x80",
    "a list as its kind": cbor.encode({1: [], 3: -7}),
    "very many": b"\xbb" + HUGE,
    "in depth": b"\x81" * 5000 + b"\0",
    "of many bytes": cbor.encode({1: 3, 3: -257, -1: b"\xff" * 4000, -2: b"\1\0\1"}),
}


def test_no_key_of_junk_is_our_failure(somebody: KeyOwner):
    before, found = kept(somebody), {}
    for name, public in KEYS.items():
        key = Key("localhost", somebody.user.id.bytes, None)
        reply = somebody.send(with_key(key, public, somebody.options()["challenge"]))
        found[name] = reply.status_code, reply.json["error"]["details"]

    assert found == dict.fromkeys(KEYS, (400, {"reason": "not_verified"}))
    assert kept(somebody) == before


def beside(more: bytes) -> Callable[[bytes], bytes]:
    return lambda client: client[:-1] + b"," + more + b"}"


# Each is signed as it is: it is what the bytes say that counts.
CLIENTS: dict[str, tuple[Callable[[bytes], bytes], str | None]] = {
    "a byte order mark": (lambda client: b"\xef\xbb\xbf" + client, None),
    "two": (lambda client: b"\xef\xbb\xbf" * 2 + client, "malformed"),
    "blanks": (lambda client: b" \n" + client + b"\t", None),
    "a name that comes with the years": (beside(b'"other_keys_can_be_added_here":"x"'), None),
    "the same said again": (beside(f'"origin":"{ORIGIN}"'.encode()), None),
    "another origin behind it": (beside(b'"origin":"https://evil.example"'), "wrong_origin"),
    "another type behind it": (beside(b'"type":"webauthn.other"'), "wrong_type"),
    "another challenge behind it": (beside(b'"challenge":"AAAA"'), "wrong_challenge"),
    "a frame behind it": (beside(b'"crossOrigin":true'), "in_a_frame"),
    "a challenge that is a number": (beside(b'"challenge":5'), "wrong_challenge"),
    "an origin that is a list": (beside(f'"origin":["{ORIGIN}"]'.encode()), "malformed"),
    "a type that is nothing": (beside(b'"type":null'), "malformed"),
    "half of a character": (beside(b'"x":"\\ud800"'), "malformed"),
    "no UTF-8": (beside(b'"x":"\xff"'), "malformed"),
    "UTF-16": (lambda client: client.decode().encode("utf-16"), "malformed"),
    "no number": (beside(b'"x":NaN'), "malformed"),
    "lists in lists": (beside(b'"x":' + b"[" * 900 + b"]" * 900), "malformed"),
    "lists without end": (beside(b'"x":' + b"[" * 3000), "malformed"),
    "a list": (lambda client: b"[" + client + b"]", "malformed"),
    "text": (lambda client: json.dumps(client.decode()).encode(), "malformed"),
    "nothing": (lambda _client: b"null", "malformed"),
    "two of them": (lambda client: client * 2, "malformed"),
    "a zero byte": (lambda client: client + b"\0", "malformed"),
}


@pytest.mark.parametrize("does", ["use", "make"])
def test_client_data_are_json_or_refused(somebody: KeyOwner, does: str):
    found, expected = {}, {}
    for name, (rewrite, reason) in CLIENTS.items():
        lying = somebody.key.lying(rewrite_client=rewrite)
        if does == "use":
            reply = somebody.use(lying.use(somebody.asked(), key=somebody.key.keys[0]))
        else:
            reply = somebody.send(lying.make(somebody.options()))
        is_right = reply.status_code in {200, 201}
        found[name] = None if is_right else reply.json["error"]["details"].get("reason")
        expected[name] = reason
        assert reply.status_code in {200, 201, 400, 401}

    assert found == expected


DATA = {
    "extensions that are not there": lambda data: data[:32] + bytes([KNOWN | FLAG.ED]) + data[33:],
    "extensions that are a number": lambda data: (
        data[:32] + bytes([KNOWN | FLAG.ED]) + data[33:] + b"\5\5"
    ),
    "extensions in depth": lambda data: (
        data[:32] + bytes([KNOWN | FLAG.ED]) + data[33:] + b"\x81" * 3000
    ),
    "a key that is not there": lambda data: data[:32] + bytes([KNOWN | FLAG.AT]) + data[33:],
    "an id longer than all": lambda data: (
        data[:32] + bytes([KNOWN | FLAG.AT]) + data[33:] + bytes(16) + b"\xff\xff"
    ),
    "bytes behind it": lambda data: data + b"\0",
    "a copy of what cannot be copied": lambda data: (
        data[:32] + bytes([KNOWN | FLAG.BS]) + data[33:]
    ),
}


def test_authenticator_data_of_junk_sign_nobody_in(somebody: KeyOwner):
    before, found = kept(somebody), {}
    for name, rewrite in DATA.items():
        reply = somebody.use(somebody.key.lying(rewrite_data=rewrite).use(somebody.asked()))
        found[name] = reply.status_code, reply.json["error"]["details"]

    assert found == dict.fromkeys(DATA, (401, {"reason": "not_accepted"}))
    assert kept(somebody) == before
    short = somebody.key.lying(rewrite_data=lambda data: data[:36]).use(somebody.asked())
    assert somebody.use(short).json["error"]["details"] == {"reason": "malformed"}
