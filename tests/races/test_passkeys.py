"""Races for passkeys between worker processes, with real requests (threat 136)."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from gatehouse.core.runtime import Runtime
from gatehouse.login.models import PendingLogin
from gatehouse.mfa.models import Passkey
from gatehouse.sessions.models import Session
from tests.authenticators import ORIGIN, Authenticator, new_key, public_of
from tests.conftest import client_of
from tests.factories import Factory
from tests.mfa.owners import MAKE, PASSKEYS, USE, KeyOwner
from tests.serving import GatehouseServer, Reply

pytestmark = pytest.mark.integration
TIMES = 3


@pytest.fixture
def holder(
    open_app: Flask, make: Factory, runtime: Runtime, server: GatehouseServer, address: str
) -> KeyOwner:
    """Somebody with a passkey, who answers on pages of the workers."""
    found = KeyOwner(client_of(open_app, address), make, runtime)
    found.register()
    found.key.origin = f"http://localhost:{server.port}"
    return found


@pytest.fixture
def syncing(holder: KeyOwner) -> KeyOwner:
    """With one that counts nothing: what is answered twice is not found out by that."""
    origin = holder.key.origin
    holder.key = Authenticator(synced=True, counts=False)
    holder.register()
    holder.key.origin = origin
    return holder


def sessions_of(holder: KeyOwner) -> int:
    with holder.runtime.reading() as db:
        rows = select(func.count()).select_from(Session).where(Session.user_id == holder.user.id)
        return int(db.scalar(rows))


def keys_of(holder: KeyOwner) -> int:
    with holder.runtime.reading() as db:
        rows = select(func.count()).select_from(Passkey).where(Passkey.user_id == holder.user.id)
        return int(db.scalar(rows))


def uses(answers: list[Any], **more: Any) -> list[tuple[Any, ...]]:
    return [("POST", USE, {**answer, **more}) for answer in answers]


def in_order(replies: list[Reply]) -> list[int]:
    return sorted(reply.status for reply in replies)


def test_one_of_eight_presentations_signs_in(server: GatehouseServer, syncing: KeyOwner):
    for _ in range(TIMES):
        before = sessions_of(syncing)
        answer = syncing.key.use(syncing.asked())

        replies = server.at_once(uses([answer] * 8))

        assert in_order(replies) == [200, *[401] * 7]
        assert sessions_of(syncing) == before + 1


def test_one_of_two_passkeys_answers_a_challenge(server: GatehouseServer, syncing: KeyOwner):
    syncing.send(syncing.key.lying(origin=ORIGIN).make(syncing.options()))
    first, second = syncing.key.keys
    assert keys_of(syncing) == 3
    for _ in range(TIMES):
        before, options = sessions_of(syncing), syncing.asked()
        answers = [syncing.key.use(options, key=key) for key in (first, second)]

        replies = server.at_once(uses(answers * 4))

        assert in_order(replies) == [200, *[401] * 7]
        assert sessions_of(syncing) == before + 1


def test_of_two_with_the_same_count_one_signs_in(server: GatehouseServer, holder: KeyOwner):
    """Threat 133: an authenticator and its copy, at the same moment."""
    (key,) = holder.key.keys
    for count in range(1, TIMES + 1):
        before, answers = sessions_of(holder), []
        for _ in range(8):
            key.counter = count - 1
            answers.append(holder.key.use(holder.asked()))

        replies = server.at_once(uses(answers))

        assert in_order(replies) == [200, *[401] * 7]
        assert sessions_of(holder) == before + 1


def test_of_eight_answers_to_one_sign_in_that_waits_one_goes_on(
    server: GatehouseServer, syncing: KeyOwner
):
    """And five at most are looked at."""
    for _ in range(TIMES):
        token = syncing.begin()["mfa_token"]
        answers = [syncing.key.use(syncing.asked(mfa_token=token)) for _ in range(8)]
        before = sessions_of(syncing)

        replies = server.at_once(uses(answers, mfa_token=token))

        assert in_order(replies) == [200, *[401] * 7]
        assert sessions_of(syncing) == before + 1
        assert tries_of(syncing) <= 5


def tries_of(holder: KeyOwner) -> int:
    rows = select(func.max(PendingLogin.tries)).where(PendingLogin.user_id == holder.user.id)
    with holder.runtime.reading() as db:
        return int(db.scalar(rows))


def test_of_eight_wrong_answers_five_are_looked_at(server: GatehouseServer, syncing: KeyOwner):
    token = syncing.begin()["mfa_token"]
    wrong = syncing.key.lying(synced=False)
    answers = [wrong.use(syncing.asked(mfa_token=token)) for _ in range(8)]

    replies = server.at_once(uses(answers, mfa_token=token))

    assert in_order(replies) == [401] * 8
    looked_at = [reply for reply in replies if reply.json["error"]["details"]]
    assert len(looked_at) == tries_of(syncing) == 5


def test_one_of_eight_registrations_makes_a_row(server: GatehouseServer, holder: KeyOwner):
    """Threat 134."""
    token = holder.headers["Authorization"].removeprefix("Bearer ")
    for _ in range(TIMES):
        before, made = keys_of(holder), holder.key.make(holder.options())

        replies = server.at_once([("POST", MAKE, made, token)] * 8)

        assert in_order(replies) == [201, *[400] * 7]
        assert keys_of(holder) == before + 1


def test_one_of_eight_who_register_the_same_passkey_gets_it(
    server: GatehouseServer, holder: KeyOwner, make: Factory, runtime: Runtime
):
    """Threat 134: each was asked by themselves, and the key is one."""
    maker = Authenticator(origin=holder.key.origin)
    key = new_key("localhost", b"")
    people = [KeyOwner(holder.http, make, runtime) for _ in range(8)]
    calls = []
    for one in people:
        made = maker.register(key, public_of(key), one.options()["challenge"])
        calls.append(("POST", MAKE, made, one.headers["Authorization"].removeprefix("Bearer ")))

    replies = server.at_once(calls)

    assert in_order(replies) == [201, *[409] * 7]
    assert sum(keys_of(one) for one in people) == 1


def test_nobody_comes_in_once_the_deletion_is_answered(server: GatehouseServer, syncing: KeyOwner):
    """Beside it either may come first, and nothing fails."""
    token = syncing.headers["Authorization"].removeprefix("Bearer ")
    path = syncing.http.get(PASSKEYS, headers=syncing.headers).json["data"]["credentials"][-1]["id"]
    answers = [syncing.key.use(syncing.asked()) for _ in range(8)]
    calls = [*uses(answers[:6]), ("DELETE", f"{PASSKEYS}/{path}", None, token)]
    before = sessions_of(syncing)

    *replies, gone = server.at_once(calls)

    assert gone.status == 200
    assert {reply.status for reply in replies} <= {200, 401}
    assert sessions_of(syncing) == before + in_order(replies).count(200)
    assert in_order(server.at_once(uses(answers[6:]))) == [401, 401]
    assert keys_of(syncing) == 1
