"""What is refused of passkeys: each lie by its word, with nothing kept but the attempt."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from os import urandom
from typing import Any

import pytest
import time_machine

from gatehouse.core.base64url import decode, encode
from tests.authenticators import HERE, forged, saying, sign
from tests.conftest import client_of
from tests.mfa.doors import (
    ACTIONS,
    DOORS,
    alone,
    by_address,
    is_spent,
    kept,
    outcome,
    refused,
    registering,
    told,
)
from tests.mfa.lies import FRAMES, LIES, OF_MAKING, of
from tests.mfa.owners import MAKE, PASSKEYS, KeyOwner


@pytest.mark.parametrize("door", DOORS)
def test_a_lie_opens_no_door(somebody: KeyOwner, door: str):
    """Threats 133 and 137."""
    table, found, expected, alive = {**LIES, **FRAMES, "type: of making": OF_MAKING}, {}, {}, {}
    if door in {"alone", "address"}:  # Beside another factor a touch is enough.
        table["nobody was asked who they are"] = of("user_not_verified", flags=HERE)
    before = kept(somebody)
    for name, lie in table.items():
        options, send = DOORS[door](somebody)
        reply = send(told(somebody, lie, options).use(options))
        found[name] = outcome(somebody, reply)
        expected[name] = refused(401, lie.reason, ACTIONS[door])
        assert kept(somebody) == before, name
        if not lie.keeps:
            alive[name] = not is_spent(send(somebody.key.use(options)))

    assert found == expected
    assert not any(alive.values()), alive


def signature_of(answer: dict[str, Any], holder: KeyOwner) -> bytes:
    """What a passkey of ``holder`` signs of it."""
    said = {name: decode(text) for name, text in answer["response"].items()}
    return sign(
        holder.key.keys[-1], said["authenticatorData"] + sha256(said["clientDataJSON"]).digest()
    )


Told = Callable[[Any, KeyOwner, KeyOwner], Any]
# Each is refused with the same words: only the record tells them from each other.
SIGNED: dict[str, tuple[Told, str]] = {
    "a bit of the signature": (
        lambda a, _me, _you: forged(a),
        "wrong_signature",
    ),
    "no DER": (lambda a, _me, _you: saying(a, signature=b"junk"), "wrong_signature"),
    "one byte": (lambda a, _me, _you: saying(a, signature=b"\0"), "wrong_signature"),
    "zeros": (
        lambda a, _me, _you: saying(a, signature=bytes.fromhex("3006020100020100")),
        "wrong_signature",
    ),
    "random bytes": (lambda a, _me, _you: saying(a, signature=urandom(70)), "wrong_signature"),
    "by another key": (
        lambda a, _me, you: saying(a, signature=signature_of(a, you)),
        "wrong_signature",
    ),
    "a counter after signing": (
        lambda a, _me, _you: saying(
            a, authenticatorData=decode(a["response"]["authenticatorData"])[:-1] + b"\xff"
        ),
        "wrong_signature",
    ),
    "bytes behind the data": (
        lambda a, _me, _you: saying(
            a, authenticatorData=decode(a["response"]["authenticatorData"]) + b"\0"
        ),
        "wrong_signature",
    ),
    "a blank in the client data": (
        lambda a, _me, _you: saying(
            a, clientDataJSON=decode(a["response"]["clientDataJSON"]) + b" "
        ),
        "wrong_signature",
    ),
    "unknown": (
        lambda a, _me, _you: a | {"id": encode(bytes(32)), "rawId": encode(bytes(32))},
        "unknown",
    ),
    "somebody else's id": (
        lambda a, _me, you: a | dict.fromkeys(("id", "rawId"), encode(you.key.keys[-1].id)),
        "wrong_signature",
    ),
    "somebody else's handle": (
        lambda a, _me, you: saying(a, userHandle=you.user.id.bytes),
        "names_somebody_else",
    ),
    "no handle of ours": (
        lambda a, _me, _you: saying(a, userHandle=b"\0"),
        "names_somebody_else",
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_signature_counts_for_its_words_its_key_and_its_owner(
    somebody: KeyOwner, other: KeyOwner, door: str
):
    """Threat 133: what is wrong with it only the record says."""
    found, expected, alive = {}, {}, {}
    before = kept(somebody), kept(other)
    for name, (tell, why) in SIGNED.items():
        options, send = DOORS[door](somebody)
        found[name] = outcome(somebody, send(tell(somebody.key.use(options), somebody, other)))
        action = ACTIONS[door]
        expected[name] = refused(401, "not_accepted", action, why)
        assert (kept(somebody), kept(other)) == before, name
        alive[name] = not is_spent(send(somebody.key.use(options)))

    assert found == expected
    assert not any(alive.values()), alive


@pytest.mark.parametrize("door", ["address", "second", "confirming"])
def test_the_passkey_of_somebody_else_answers_for_nobody(
    somebody: KeyOwner, other: KeyOwner, door: str
):
    """Threats 133 and 136: it was asked of one account, and another answers."""
    before = kept(somebody), kept(other)
    for handle in (None, somebody.user.id.bytes, other.user.id.bytes):
        options, send = DOORS[door](somebody)
        reply = send(saying(other.key.use(options), userHandle=handle))
        action = ACTIONS[door]
        assert outcome(somebody, reply) == refused(401, "not_accepted", action, "of_somebody_else")
    assert (kept(somebody), kept(other)) == before


def test_where_nobody_was_named_the_answer_says_who_it_is(somebody: KeyOwner):
    """Threat 133 (WebAuthn 7.2, 6)."""
    options, send = alone(somebody)

    reply = send(saying(somebody.key.use(options), userHandle=None))

    found = refused(401, "not_accepted", "auth.sign_in_refused", "names_nobody")
    assert outcome(somebody, reply) == found
    named, send = by_address(somebody)
    assert send(saying(somebody.key.use(named), userHandle=None)).status_code == 200


@pytest.mark.parametrize("door", DOORS)
def test_a_counter_that_does_not_rise_is_a_copy(unlimited, make_app, somebody: KeyOwner, door: str):
    """Threat 133: also where another process looks at it."""
    assert somebody.sign_in().status_code == 200
    action, key = ACTIONS[door], somebody.key.keys[-1]
    restarted = client_of(make_app(RATELIMIT_ENABLED="false"))
    before = kept(somebody)

    for counter, http in ((1, somebody.http), (0, somebody.http), (1, restarted)):
        somebody.http, key.counter = http, counter - 1
        options, send = DOORS[door](somebody)
        reply = send(somebody.key.use(options))
        assert outcome(somebody, reply) == refused(401, "counter_went_back", action)

    assert kept(somebody) == before
    key.counter = 1
    options, send = DOORS[door](somebody)
    assert send(somebody.key.use(options)).status_code == 200


@pytest.mark.parametrize("door", DOORS)
def test_whether_a_key_can_be_copied_is_said_once(somebody: KeyOwner, door: str):
    """Threat 133 (WebAuthn 6.1.3)."""
    for lie, why in (
        ({"synced": True}, "changed_kind"),
        ({"flags": 0x05 | 0x10}, "wrong_signature"),  # Copied, though it cannot be.
    ):
        options, send = DOORS[door](somebody)
        reply = send(somebody.key.lying(**lie).use(options))
        action = ACTIONS[door]
        assert outcome(somebody, reply) == refused(401, "not_accepted", action, why)


ELSEWHERE = [
    *((asks, answers) for asks in ("registering", "confirming") for answers in DOORS),
    *((asks, "confirming") for asks in ("alone", "address", "second")),
]


@pytest.mark.parametrize(("asks", "answers"), [(one, two) for one, two in ELSEWHERE if one != two])
def test_what_was_asked_for_one_purpose_answers_no_other(
    somebody: KeyOwner, asks: str, answers: str
):
    """Threat 136."""
    doors = DOORS | {"registering": registering}
    asked, _ = doors[asks](somebody)
    _, send = doors[answers](somebody)

    reply = send(somebody.key.use({"challenge": asked["challenge"]}))

    assert is_spent(reply)
    assert reply.status_code == 401


@pytest.mark.parametrize("asks", DOORS)
def test_what_was_asked_to_sign_in_registers_nothing(somebody: KeyOwner, asks: str):
    """Threats 134 and 136."""
    asked, _ = DOORS[asks](somebody)
    made = somebody.key.make(somebody.options() | {"challenge": asked["challenge"]})

    reply = somebody.send(made)

    assert outcome(somebody, reply) == refused(400, "wrong_challenge", "mfa.refused")


def test_what_was_asked_in_one_session_registers_in_no_other(somebody: KeyOwner, other: KeyOwner):
    """Threats 134 and 136: not of the same person, and not of another."""
    for headers in (somebody.make.bearer(somebody.user), other.headers):
        made = somebody.key.make(somebody.options())
        reply = somebody.http.post(MAKE, json=made, headers=headers)
        assert outcome(somebody, reply) == refused(400, "wrong_challenge", "mfa.refused")
        assert somebody.send(made).status_code == 201  # It was not theirs to use up.


@pytest.mark.parametrize("seconds", [299, 300])
@pytest.mark.parametrize("door", [*DOORS, "registering"])
def test_a_challenge_is_good_for_five_minutes_and_once(somebody: KeyOwner, door: str, seconds: int):
    """Threat 136."""
    answering = somebody.key.make if door == "registering" else somebody.key.use
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        options, send = (DOORS | {"registering": registering})[door](somebody)
        answer = answering(options)
        clock.move_to(now + timedelta(seconds=seconds))
        reply, again = send(answer), send(answer)

    if seconds < 300:
        assert reply.status_code in {200, 201}, reply.text
    else:
        assert is_spent(reply)
    assert again.status_code in {400, 401}


def test_a_passkey_that_was_deleted_is_one_that_there_is_not(somebody: KeyOwner):
    """Threat 133."""
    made = somebody.register()["credential"]
    options, send = alone(somebody)
    gone = somebody.http.delete(f"{PASSKEYS}/{made['id']}", headers=somebody.headers)
    assert gone.status_code == 200

    reply = send(somebody.key.use(options))

    found = refused(401, "not_accepted", "auth.sign_in_refused", "unknown")
    assert outcome(somebody, reply) == found


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"id": ""}, "id"),
        ({"rawId": encode(bytes(32))}, "rawId"),
        ({"id": encode(bytes(1024)), "rawId": encode(bytes(1024))}, "id"),
        ({"id": "AA==", "rawId": "AA=="}, "id"),
        ({"type": "password"}, "type"),
        ({"response": None}, "response"),
        ({"response": []}, "response"),
        ({"signature": ""}, "response"),
        ({"signature": encode(bytes(1025))}, "response"),
        ({"authenticatorData": ""}, "response"),
        ({"authenticatorData": encode(bytes(4097))}, "response"),
        ({"clientDataJSON": ""}, "response"),
        ({"clientDataJSON": encode(bytes(4097))}, "response"),
        ({"userHandle": ""}, "response"),
        ({"userHandle": encode(bytes(65))}, "response"),
        ({"userHandle": 5}, "response"),
    ],
)
def test_what_is_no_answer_at_all_is_named_by_its_field(somebody: KeyOwner, edit, field):
    before = kept(somebody)
    answer = somebody.key.use(somebody.asked())
    inner = {name: said for name, said in edit.items() if name in answer["response"]}
    outer = {name: said for name, said in edit.items() if name not in inner}
    changed = answer | ({"response": answer["response"] | inner} if inner else {}) | outer

    reply = somebody.use(changed)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")
    assert field in str(reply.json["error"]["details"])
    assert kept(somebody) == before
