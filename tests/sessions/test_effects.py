"""What ends sessions from outside, at once and for good; and that no token is ever stored."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import SESSION, hash_token, mint
from gatehouse.sessions.models import Session
from tests.accounts.together import at_once, tables_as_text
from tests.audit.record import assert_recorded, entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory

ME = "/api/v1/auth/me"
SESSIONS = "/api/v1/auth/sessions"
CHANGE = "/api/v1/users/me/password"
NEW = "zebra lantern forty-two orbit"


def change(client: FlaskClient, headers: dict[str, str], new: str = NEW):
    sent = {"current_password": PASSWORD, "new_password": new, "new_password_confirm": new}
    return client.post(CHANGE, json=sent, headers=headers)


def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(
    client: FlaskClient, make: Factory
):
    """Threat 118."""
    user = make.user()
    here, *others = (make.bearer(user) for _ in range(3))
    for headers in others:
        assert client.get(ME, headers=headers).status_code == 200

    reply = change(client, here)

    assert reply.status_code == 200
    assert [client.get(ME, headers=headers).status_code for headers in others] == [401, 401]
    assert client.get(ME, headers=here).status_code == 200
    entry = assert_recorded(
        client, reply, "account.password_changed", actor=user.id, target=user.id
    )
    assert entry.details == {"sessions_ended": 2}


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.INACTIVE])
def test_a_suspended_account_has_no_session_and_gets_it_back(
    client: FlaskClient, make: Factory, status
):
    user = make.user()
    headers = make.bearer(user)
    assert client.get(ME, headers=headers).status_code == 200

    make.change(user, status=status)
    refused = client.get(ME, headers=headers)
    make.change(user, status=AccountStatus.ACTIVE)

    assert (refused.status_code, refused.json["error"]["type"]) == (401, "INVALID_TOKEN")
    assert client.get(ME, headers=headers).status_code == 200


def test_deleting_the_account_ends_every_session(client: FlaskClient, make: Factory):
    """Threat 124."""
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)
    assert client.get(ME, headers=elsewhere).status_code == 200

    reply = client.delete("/api/v1/users/me", headers=here)

    assert reply.status_code == 200
    assert [client.get(ME, headers=h).status_code for h in (here, elsewhere)] == [401, 401]


def test_an_account_that_comes_back_brings_no_session_along(client: FlaskClient, make: Factory):
    """Threat 124: restoring the row does not revive what the deletion ended."""
    user = make.user()
    headers = make.bearer(user)
    client.delete("/api/v1/users/me", headers=headers)

    make.change(user, deleted_at=None)

    assert client.get(ME, headers=headers).status_code == 401


def test_after_the_revocation_answered_no_use_succeeds(
    app: Flask, make_app, make: Factory, address: str
):
    """Six threads on two workers use a session without pause while another one revokes it."""
    user = make.user()
    here, victim = make.bearer(user), make.bearer(user)
    workers = (app, make_app())
    revoked_at: list[int] = []
    uses: list[tuple[int, int]] = []
    clock = iter(range(10_000_000)).__next__

    def use(number: int):
        client = client_of(workers[number % 2], address)
        for _ in range(25):
            started = clock()
            uses.append((started, client.get(ME, headers=victim).status_code))

    def revoke():
        client = client_of(app, address)
        for _ in range(3):
            client.get(ME, headers=here)
        assert client.delete(SESSIONS, headers=here).status_code == 200
        revoked_at.append(clock())

    at_once(revoke, *(lambda number=number: use(number) for number in range(6)))

    late = [status for started, status in uses if started > revoked_at[0]]
    assert set(late) <= {401}
    assert client_of(app, address).get(ME, headers=victim).status_code == 401


def test_of_parallel_password_changes_one_wins(app: Flask, make: Factory, address: str):
    user = make.user()
    words = [f"zebra lantern orbit number {number}" for number in range(4)]
    sessions = [make.bearer(user) for _ in words]

    replies = at_once(
        *(
            lambda word=word, headers=headers: change(client_of(app, address), headers, word)
            for word, headers in zip(words, sessions, strict=True)
        )
    )

    assert [reply.status_code for reply in replies].count(200) == 1
    assert {reply.status_code for reply in replies} <= {200, 401, 409}
    winner = next(i for i, reply in enumerate(replies) if reply.status_code == 200)
    client = client_of(app, address)
    login = [
        client.post("/api/v1/auth/login", json={"email": user.email, "password": word}).status_code
        for word in (words[winner], PASSWORD)
    ]
    assert login == [200, 401]
    alive = [client.get(ME, headers=headers).status_code for headers in sessions]
    assert alive == [200 if number == winner else 401 for number in range(4)]


def test_one_session_revoked_by_four_at_once_is_revoked_once(
    app: Flask, make: Factory, address: str
):
    user = make.user()
    here, elsewhere = make.bearer(user), make.bearer(user)
    client = client_of(app, address)
    listed = client.get(SESSIONS, headers=elsewhere).json["data"]["sessions"]
    session_id = next(session["id"] for session in listed if session["is_current"])

    replies = at_once(
        *(
            lambda: client_of(app, address).delete(f"{SESSIONS}/{session_id}", headers=here)
            for _ in range(4)
        )
    )

    assert sorted(reply.status_code for reply in replies) == [200, 404, 404, 404]
    assert sum(len(entries_of(client, reply)) for reply in replies) == 1


def test_neither_tokens_nor_passwords_are_anywhere_in_the_database(
    app: Flask, client: FlaskClient, make: Factory, runtime: Runtime
):
    """Threat 75: register, sign in, confirm, change the password, guess, sign out, delete."""
    email = f"dump-{datetime.now(UTC).timestamp()}@example.test"
    sent = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
    guess = "a wrong guess of quite some length"
    tokens = [client.post("/api/v1/auth/register", json=sent).json["data"]["token"]]
    login = {"email": email, "password": PASSWORD}
    tokens += [client.post("/api/v1/auth/login", json=login).json["data"]["token"] for _ in "12"]
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    client.post("/api/v1/auth/login", json={"email": email, "password": guess})
    client.post("/api/v1/auth/reauthenticate", json={"password": guess}, headers=headers[0])
    client.post("/api/v1/auth/reauthenticate", json={"password": PASSWORD}, headers=headers[0])
    client.post("/api/v1/organizations", json={"name": "Dump"}, headers=headers[0])
    assert change(client, headers[0]).status_code == 200
    client.post("/api/v1/auth/logout", headers=headers[0])

    with runtime.reading() as db:
        everything = tables_as_text(db)

    assert email in everything
    secrets = [*tokens, *(token[4:] for token in tokens), PASSWORD, NEW, guess]
    assert [secret for secret in secrets if secret in everything] == []


def test_a_token_is_found_by_its_hash_only(make: Factory, runtime: Runtime, client: FlaskClient):
    token = make.session(make.user().id)
    with runtime.reading() as db:
        stored = db.scalar(
            select(Session.token_hash).where(Session.token_hash == hash_token(token))
        )

    reply = client.get(ME, headers={"Authorization": f"Bearer {stored.hex()}"})

    assert len(stored) == 32
    assert reply.status_code == 401


@pytest.mark.only_on("postgresql")
def test_whoever_writes_to_redis_is_nobody(client: FlaskClient, runtime: Runtime, make: Factory):
    """Threat 242. All that Redis says of a session of theirs, said of a token of their own."""
    operator = make.user(is_operator=True)
    theirs, forged = make.session(operator.id), mint(SESSION)
    headers = [{"Authorization": f"Bearer {token}"} for token in (theirs, forged)]
    assert client.get(ME, headers=headers[0]).status_code == 200
    place = f"gatehouse:{runtime.link.run_id()}:{runtime.cache._epoch}:e:"  # noqa: SLF001 - theirs
    entry = runtime.link.call("GET", place + hash_token(theirs).hex())
    assert str(operator.id).encode() in entry

    runtime.link.call("SET", place + hash_token(forged).hex(), entry)

    assert [client.get(ME, headers=each).status_code for each in headers] == [200, 401]
