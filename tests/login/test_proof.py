"""What a password was proved against: hashes that get better, passwords that change meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gatehouse.accounts.adapters import Hashers
from gatehouse.accounts.models import AccountStatus, Credential, User
from gatehouse.core.runtime import Runtime
from gatehouse.core.settings import read_settings
from tests.accounts.together import at_once
from tests.audit.record import assert_recorded, entry_of
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory
from tests.mfa.owners import FACTOR, give_app

LOGIN = "/api/v1/auth/login"
REAUTHENTICATE = "/api/v1/auth/reauthenticate"
ME = "/api/v1/auth/me"
NEW = "zebra lantern forty-two orbit"


def hash_of(runtime: Runtime, user: User) -> str:
    with runtime.reading() as db:
        return db.scalar(select(Credential.password_hash).where(Credential.user_id == user.id))


def set_hash(runtime: Runtime, user: User, password_hash: str) -> None:
    with runtime.writing() as db:
        statement = update(Credential).where(Credential.user_id == user.id)
        db.execute(statement.values(password_hash=password_hash, changed_at=datetime.now(UTC)))
        db.commit()


def log_in(client, user, password=PASSWORD):
    return client.post(LOGIN, json={"email": user.email, "password": password})


class Interrupted:
    """The real hasher, but once something happens while it verifies."""

    def __init__(self, **settings: str) -> None:
        chosen = {"FLASK_ENV": "testing", **settings}
        self._real = Hashers(read_settings(chosen))
        self.meanwhile = lambda: None

    def hash(self, password):
        return self._real.hash(password)

    def verify(self, password_hash, password):
        verdict = self._real.verify(password_hash, password)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return verdict

    def is_outdated(self, password_hash):
        return self._real.is_outdated(password_hash)


@pytest.mark.parametrize(
    ("settings", "better"),
    [
        ({"BCRYPT_LOG_ROUNDS": "5"}, "bcrypt-sha256$2b$05$"),
        ({"PASSWORD_HASHER": "argon2id"}, "$argon2id$v=19$m=19456,t=2,p=1$"),
    ],
)
def test_a_sign_in_brings_the_hash_up_to_date(build, make: Factory, runtime, settings, better):
    user = make.user()
    client = client_of(build(settings))
    assert hash_of(runtime, user).startswith("bcrypt-sha256$2b$04$")

    first, again = log_in(client, user), log_in(client, user)

    assert (first.status_code, again.status_code) == (200, 200)
    assert hash_of(runtime, user).startswith(better)
    assert_recorded(client, first, "auth.signed_in", actor=user.id, target=user.id)


def test_so_does_one_that_waits_for_a_second_factor(build, make: Factory, runtime):
    user = make.user()
    give_app(runtime, user.id)

    reply = log_in(client_of(build({"BCRYPT_LOG_ROUNDS": "5"})), user)

    assert reply.json["data"]["requires_totp"] is True
    assert "$05$" in hash_of(runtime, user)


def test_a_hash_of_today_stays_as_it_is(client, make: Factory, runtime):
    user = make.user()
    before = hash_of(runtime, user)

    log_in(client, user)

    assert hash_of(runtime, user) == before


def test_a_wrong_password_brings_no_hash_up_to_date(build, make: Factory, runtime):
    user = make.user()
    before = hash_of(runtime, user)

    reply = log_in(client_of(build({"PASSWORD_HASHER": "argon2id"})), user, "wrong")

    assert reply.status_code == 401
    assert hash_of(runtime, user) == before


def test_an_argon2_hash_still_signs_in_after_a_return_to_bcrypt(build, make: Factory, runtime):
    user = make.user()
    log_in(client_of(build({"PASSWORD_HASHER": "argon2id"})), user)

    reply = log_in(client_of(build()), user)

    assert reply.status_code == 200
    assert hash_of(runtime, user).startswith("bcrypt-sha256$2b$04$")


@pytest.mark.parametrize(
    "broken", ["", "!", "plain text", "$argon2id$", "bcrypt-sha256", "$2b$04$"]
)
def test_a_hash_that_cannot_be_read_fits_no_password(build, make: Factory, runtime, broken):
    user = make.user()
    set_hash(runtime, user, broken)

    reply = log_in(client_of(build()), user)

    assert reply.status_code == 401


def test_a_password_that_is_changed_while_it_is_proved_opens_nothing(build, make: Factory, runtime):
    user = make.user()
    hasher = Interrupted()
    client = client_of(build(PasswordHasher=hasher))
    hasher.meanwhile = lambda: set_hash(runtime, user, hasher.hash(NEW))

    reply = log_in(client, user)

    assert reply.status_code == 401
    assert reply.json["error"]["type"] == "AUTHENTICATION_ERROR"
    entry = assert_recorded(client, reply, "auth.sign_in_refused", actor=None, target=user.id)
    assert entry.details["reason"]


def test_nor_does_a_right_code_after_it(build, make: Factory, runtime):
    user, hasher = make.user(), Interrupted()
    app = give_app(runtime, user.id)
    client = client_of(build(PasswordHasher=hasher))
    hasher.meanwhile = lambda: set_hash(runtime, user, hasher.hash(NEW))
    waits = log_in(client, user).json.get("data", {}).get("mfa_token")

    reply = client.post(FACTOR, json={"mfa_token": waits, "code": app.now()})

    assert reply.status_code == 401
    assert entry_of(client, reply).details["reason"] == "password_was_changed"


def test_nor_does_it_tell_that_the_account_was_suspended(build, make: Factory, runtime):
    user, hasher = make.user(), Interrupted()
    client = client_of(build(PasswordHasher=hasher))

    def change_and_suspend() -> None:
        set_hash(runtime, user, hasher.hash(NEW))
        make.change(user, status=AccountStatus.SUSPENDED)

    hasher.meanwhile = change_and_suspend

    assert log_in(client, user).json["error"]["type"] == "AUTHENTICATION_ERROR"


def test_an_account_that_is_deleted_while_it_is_proved_opens_nothing(build, make: Factory):
    user = make.user()
    hasher = Interrupted()
    client = client_of(build(PasswordHasher=hasher))
    hasher.meanwhile = lambda: make.change(user, deleted_at=datetime.now(UTC))

    reply = log_in(client, user)

    assert reply.status_code == 401
    assert_recorded(client, reply, "auth.sign_in_refused", actor=None, target=user.id)


def test_a_password_that_is_changed_meanwhile_confirms_nothing(build, make: Factory, runtime):
    """The proof must still hold in the transaction, here as at the door."""
    user = make.user()
    hasher = Interrupted()
    client = client_of(build(PasswordHasher=hasher))
    headers = make.bearer(user)
    hasher.meanwhile = lambda: set_hash(runtime, user, hasher.hash(NEW))

    reply = client.post(REAUTHENTICATE, json={"password": PASSWORD}, headers=headers)

    assert reply.status_code in (401, 409)


def test_a_password_that_is_changed_meanwhile_deletes_nothing(build, make: Factory):
    """The owner drives a thief out; the thief's deletion, with the old password, is under way."""
    user = make.user()
    hasher = Interrupted()
    app = build(PasswordHasher=hasher)
    thief, owner = make.bearer(user, signed_in_ago=timedelta(hours=1)), make.bearer(user)
    change = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    hasher.meanwhile = lambda: client_of(app).post(
        "/api/v1/users/me/password", json=change, headers=owner
    )

    reply = client_of(app).delete("/api/v1/users/me", json={"password": PASSWORD}, headers=thief)

    assert reply.status_code in (401, 409)
    assert client_of(app).get(ME, headers=owner).status_code == 200


def test_two_sign_ins_that_bring_the_hash_up_to_date_both_get_in(build, make: Factory):
    """The password did not change, only its hash: neither of them was wrong."""
    user = make.user()
    hasher = Interrupted(BCRYPT_LOG_ROUNDS="5")
    app = build({"BCRYPT_LOG_ROUNDS": "5"}, PasswordHasher=hasher)
    replies = []
    hasher.meanwhile = lambda: replies.append(log_in(client_of(app), user))

    replies.append(log_in(client_of(app), user))

    assert [reply.status_code for reply in replies] == [200, 200]


def test_a_password_that_is_changed_while_another_sign_in_improves_the_hash_is_changed(
    build, make: Factory
):
    user = make.user()
    hasher = Interrupted(BCRYPT_LOG_ROUNDS="5")
    app = build({"BCRYPT_LOG_ROUNDS": "5"}, PasswordHasher=hasher)
    headers = make.bearer(user)
    change = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    hasher.meanwhile = lambda: log_in(client_of(app), user)

    reply = client_of(app).post("/api/v1/users/me/password", json=change, headers=headers)

    assert reply.status_code in (200, 409)
    works = [log_in(client_of(app), user, password).status_code for password in (PASSWORD, NEW)]
    assert works == ([401, 200] if reply.status_code == 200 else [200, 401])


def test_many_sign_ins_of_one_person_at_once_all_get_in(caller, make: Factory):
    user = make.user()

    replies = at_once(*(lambda: log_in(caller(), user) for _ in range(8)))

    assert [reply.status_code for reply in replies] == [200] * 8
    assert len({reply.json["data"]["token"] for reply in replies}) == 8


def test_one_address_that_registers_eight_times_at_once_is_one_account(caller):
    sent = {
        "email": f"race-{datetime.now(UTC).timestamp()}@example.test",
        "password": PASSWORD,
        "password_confirm": PASSWORD,
    }

    replies = at_once(
        *(lambda: caller().post("/api/v1/auth/register", json=sent) for _ in range(8))
    )

    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7
    assert {reply.json["error"]["type"] for reply in replies if reply.status_code == 409} == {
        "CONFLICT"
    }
