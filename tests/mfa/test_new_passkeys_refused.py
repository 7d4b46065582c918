"""New passkeys that are not taken, with nothing kept but the attempt (threat 134)."""

from os import urandom
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fido2.cose import ES256, ES384, CoseKey, EdDSA

from gatehouse.core.base64url import encode
from gatehouse.mfa.models import Passkey
from tests.authenticators import RS, Key, sign
from tests.conftest import client_of
from tests.mfa.doors import is_spent, kept, outcome, refused, told
from tests.mfa.lies import FRAMES, LIES, OF_USING
from tests.mfa.owners import PASSKEYS, STATUS, KeyOwner


def test_a_lie_registers_nothing(somebody: KeyOwner):
    """Threats 134 and 137."""
    table, found, expected, alive = {**LIES, **FRAMES, "type: of using": OF_USING}, {}, {}, {}
    before = kept(somebody)
    for name, lie in table.items():
        options = somebody.options()
        found[name] = outcome(somebody, somebody.send(told(somebody, lie, options).make(options)))
        expected[name] = refused(400, lie.reason, "mfa.refused")
        assert kept(somebody) == before, name
        if not lie.keeps:
            alive[name] = not is_spent(somebody.send(somebody.key.make(options)))

    assert found == expected
    assert not any(alive.values()), alive


CURVE, LONGER_CURVE = ec.SECP256R1(), ec.SECP384R1()
POINT = ES256.from_cryptography_key(ec.generate_private_key(CURVE).public_key())
KEYS: dict[str, dict[Any, Any]] = {
    "Ed25519": EdDSA.from_cryptography_key(ed25519.Ed25519PrivateKey.generate().public_key()),
    "ES384": ES384.from_cryptography_key(ec.generate_private_key(LONGER_CURVE).public_key()),
    "HS256": {1: 4, 3: 5, -1: bytes(32)},
    "PS256": {1: 3, 3: -37, -1: b"\xff" * 256, -2: b"\1\0\1"},
    "RS1": {1: 3, 3: -65535, -1: b"\xff" * 256, -2: b"\1\0\1"},
    "a point of P-384 as ES256": dict(POINT) | {-1: 2},
    "a point off the curve": dict(POINT) | {-3: bytes(32)},
    "the exponent 1": {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\1"},
    "the modulus 0": {1: 3, 3: -257, -1: bytes(256), -2: b"\1\0\1"},
}


def with_key(holder: KeyOwner, options: Any, public: Any) -> Any:
    key = Key("localhost", holder.user.id.bytes, None)
    return holder.key.register(key, CoseKey(public), options["challenge"])


def test_a_key_of_another_kind_is_not_taken(somebody: KeyOwner):
    """Threat 134."""
    before = kept(somebody)

    found = {
        name: outcome(somebody, somebody.send(with_key(somebody, somebody.options(), public)))
        for name, public in KEYS.items()
    }

    assert found == dict.fromkeys(KEYS, refused(400, "not_verified", "mfa.refused"))
    assert kept(somebody) == before


def test_one_passkey_is_registered_once(somebody: KeyOwner, other: KeyOwner):
    """Threat 134: not by its owner again, and not by somebody else."""
    (known,) = somebody.key.keys
    for holder in (somebody, other):
        before = kept(somebody), kept(other)
        options = holder.options()
        key = Key("localhost", holder.user.id.bytes, None, id=known.id)

        reply = holder.send(holder.key.register(key, POINT, options["challenge"]))

        assert (reply.status_code, reply.json["error"]["type"]) == (409, "CONFLICT")
        _, _, action, why = outcome(holder, reply)
        assert (action, why) == ("mfa.refused", "passkey_known_already")
        assert (kept(somebody), kept(other)) == before
        assert is_spent(holder.send(holder.key.make(options)))


def by_itself(key: Key, signed: bytes) -> dict[str, Any]:
    return {"alg": -7, "sig": sign(key, signed)}


OTHER = Key("localhost", b"", ec.generate_private_key(CURVE))
STATEMENTS: dict[str, tuple[str, Any]] = {
    "none that says something": ("none", by_itself),
    "by another key": ("packed", lambda _key, signed: by_itself(OTHER, signed)),
    "of other words": ("packed", lambda key, signed: by_itself(key, signed + b"\0")),
    "of another algorithm": ("packed", lambda key, signed: by_itself(key, signed) | {"alg": -257}),
    "no algorithm": ("packed", lambda key, signed: {"sig": sign(key, signed)}),
    "no signature": ("packed", lambda _key, _signed: {"alg": -7}),
    "no certificate": ("packed", lambda key, signed: by_itself(key, signed) | {"x5c": [b"junk"]}),
    "an unknown format": ("wax-seal", by_itself),
    "no format": ("", by_itself),
    "U2F without a certificate": ("fido-u2f", lambda key, signed: {"sig": sign(key, signed)}),
    "a TPM that says nothing": ("tpm", lambda _key, _signed: {}),
    "Android without a chain": ("android-key", by_itself),
    "SafetyNet that says nothing": ("android-safetynet", lambda _key, _signed: {}),
    "Apple without a chain": ("apple", lambda _key, _signed: {}),
}


def test_an_attestation_that_does_not_verify_registers_nothing(somebody: KeyOwner):
    """Threat 134."""
    before, found = kept(somebody), {}
    for name, (fmt, statement) in STATEMENTS.items():
        maker = somebody.key.lying(fmt=fmt, statement=statement)
        found[name] = outcome(somebody, somebody.send(maker.make(somebody.options())))

    assert found == dict.fromkeys(STATEMENTS, refused(400, "not_verified", "mfa.refused"))
    assert kept(somebody) == before


@pytest.mark.parametrize("algorithm", ["ES256", RS])
def test_a_key_that_vouches_for_itself_is_taken_and_not_attested(
    somebody: KeyOwner, algorithm: str
):
    """Threat 134: a model that only the key itself speaks of is not proven."""
    number = {"ES256": -7, RS: -257}[algorithm]
    somebody.key = somebody.key.lying(
        fmt="packed",
        aaguid=urandom(16),
        algorithm=algorithm,
        statement=lambda key, signed: {"alg": number, "sig": sign(key, signed)},
    )

    made = somebody.register()["credential"]

    assert made["aaguid"] == str(UUID(bytes=somebody.key.aaguid))
    with somebody.runtime.reading() as db:
        row = db.get(Passkey, UUID(made["id"]))
    assert row.is_attested is False


@pytest.mark.parametrize(
    "edit",
    [
        {"id": "", "rawId": ""},
        {"rawId": encode(bytes(32))},
        {"id": encode(bytes(1024)), "rawId": encode(bytes(1024))},
        {"type": "password"},
        {"name": ""},
        {"name": "a" * 101},
        {"name": "a\nb"},
        {"name": "a\x00b"},
        {"name": "a\u202eb"},
        {"name": 5},
        {"transports": "usb"},
        {"transports": ["u" * 31]},
        {"transports": [5]},
        {"response": {"transports": {}}},
        {"response": {"attestationObject": ""}},
        {"response": {"attestationObject": encode(bytes(32 * 1024 + 1))}},
        {"response": {"clientDataJSON": encode(bytes(4097))}},
    ],
)
def test_what_is_no_answer_at_all_is_named_by_its_field(somebody: KeyOwner, edit: dict[str, Any]):
    before = kept(somebody)
    made = somebody.key.make(somebody.options())
    inner = {"response": made["response"] | edit["response"]} if "response" in edit else {}

    reply = somebody.send(made | edit | inner)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")
    assert set(edit) & set(reply.json["error"]["details"])
    assert kept(somebody) == before


def test_a_credential_is_named_as_its_authenticator_names_it(somebody: KeyOwner):
    """Threat 134."""
    before = kept(somebody)
    for length in (32, 1023):
        made = somebody.key.make(somebody.options())
        named = encode(urandom(length))
        reply = somebody.send(made | {"id": named, "rawId": named})
        assert outcome(somebody, reply) == refused(400, "malformed", "mfa.refused")
    nameless = somebody.key.make(somebody.options())
    key = Key("localhost", somebody.user.id.bytes, None, id=b"")
    reply = somebody.send(
        somebody.key.register(key, POINT, somebody.options()["challenge"])
        | {"id": nameless["id"], "rawId": nameless["id"]}
    )
    assert outcome(somebody, reply) == refused(400, "not_verified", "mfa.refused")
    assert kept(somebody) == before


def test_a_credential_id_may_be_as_long_as_they_come(somebody: KeyOwner):
    key = Key("localhost", somebody.user.id.bytes, ec.generate_private_key(CURVE), id=urandom(1023))
    public = ES256.from_cryptography_key(key.private.public_key())

    made = somebody.key.register(key, public, somebody.options()["challenge"])

    assert somebody.send(made).status_code == 201
    somebody.key.keys.append(key)
    assert somebody.sign_in().status_code == 200


def test_ways_to_reach_it_that_we_do_not_know_are_left_out(somebody: KeyOwner):
    ways = ["usb", "carrier-pigeon", "<b>", "usb", "nfc", ""]

    made = somebody.register(transports=ways)["credential"]

    assert made["transports"] == ["nfc", "usb"]


def test_whoever_has_no_factor_has_none_after_a_refusal(unlimited, make, runtime):
    """Threat 134: nor codes to recover with."""
    holder = KeyOwner(client_of(unlimited), make, runtime)

    reply = holder.send(holder.key.lying(origin="null").make(holder.options()))

    assert reply.status_code == 400
    listed = holder.http.get(PASSKEYS, headers=holder.headers).json["data"]
    status = holder.http.get(STATUS, headers=holder.headers).json["data"]
    assert (listed["count"], status["backup_codes_remaining"]) == (0, 0)
    assert "token" in holder.begin()
