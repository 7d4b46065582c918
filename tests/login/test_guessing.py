"""Guessing passwords: it gets slower, then it gets pointless, and the owner still gets in."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, select

from gatehouse.audit.models import AuditEntry
from gatehouse.core.runtime import Runtime
from gatehouse.core.store import EPHEMERAL
from tests.accounts.together import at_once
from tests.audit.record import entries_of, entries_with
from tests.conftest import client_of
from tests.factories import PASSWORD, Factory
from tests.login.conftest import Callers

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
WRONG = "not the password"
LOCK = timedelta(minutes=15)


def guess(client, email, password=WRONG):
    return client.post(LOGIN, json={"email": email, "password": password})


def guess_patiently(client, clock, email, times):
    """Guess, and wait each time for as long as the answer says."""
    replies = []
    for _ in range(times):
        replies.append(guess(client, email))
        clock.shift(int(replies[-1].headers.get("Retry-After", 0)) + 0.01)
    return replies


def shape(reply):
    names = {name for name, _ in reply.headers}
    body = {key: value for key, value in reply.json.items() if key != "request_id"}
    return reply.status_code, body, names, reply.headers.get("Retry-After")


def test_the_fifth_wrong_password_waits_and_each_further_one_twice_as_long(
    caller: Callers, make: Factory, clock
):
    replies = guess_patiently(caller(), clock, make.user().email, 10)

    assert [reply.status_code for reply in replies] == [401] * 4 + [429] * 5 + [401]
    waits = [int(reply.headers["Retry-After"]) for reply in replies[4:9]]
    assert waits == [1, 2, 4, 8, 16]
    assert replies[4].json["error"] == {
        "type": "RATE_LIMIT_EXCEEDED",
        "details": {"retry_after": 1},
    }


def test_before_the_wait_is_over_even_the_right_password_is_not_looked_at(
    caller: Callers, make: Factory, clock
):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 7)
    guess(caller(), user.email)

    early = guess(caller(), user.email, PASSWORD)
    clock.shift(8.1)
    late = guess(caller(), user.email, PASSWORD)

    assert (early.status_code, late.status_code) == (429, 200)


def test_tries_during_a_wait_lock_nobody(caller: Callers, make: Factory, clock):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 4)
    for _ in range(20):
        guess(caller(), user.email)
    clock.shift(1.1)

    assert guess(caller(), user.email, PASSWORD).status_code == 200


def test_after_ten_wrong_ones_the_right_password_looks_wrong_to_an_unknown_device(
    caller: Callers, make: Factory, clock
):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 10)

    wrong, right = guess(caller(), user.email), guess(caller(), user.email, PASSWORD)

    assert shape(wrong) == shape(right)
    assert right.status_code == 401


def test_the_lock_ends_by_itself_after_a_quarter_of_an_hour(caller: Callers, make: Factory, clock):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 10)
    for _ in range(5):
        clock.shift(120)
        guess(caller(), user.email)

    clock.shift(LOCK - timedelta(minutes=11))
    before = guess(caller(), user.email, PASSWORD)
    clock.shift(timedelta(minutes=2))
    after = guess(caller(), user.email, PASSWORD)

    assert (before.status_code, after.status_code) == (401, 200)


def test_a_known_device_gets_in_whatever_strangers_do(caller: Callers, make: Factory, clock):
    """Threat 116: nobody can lock the owner out."""
    user = make.user()
    owner = caller(agent="phone/1")
    assert guess(owner, user.email, PASSWORD).status_code == 200
    for _ in range(3):
        guess_patiently(caller(agent="attacker/1"), clock, user.email, 12)

    assert guess(owner, user.email, PASSWORD).status_code == 200
    assert guess(caller(agent="attacker/1"), user.email, PASSWORD).status_code == 401


def test_a_known_device_has_a_counter_of_its_own_and_no_free_ride(
    caller: Callers, make: Factory, clock
):
    user = make.user()
    known = caller(agent="phone/1")
    guess(known, user.email, PASSWORD)

    replies = guess_patiently(known, clock, user.email, 10)
    locked = guess(known, user.email, PASSWORD)
    stranger = guess(caller(agent="tablet/1"), user.email, PASSWORD)

    assert [reply.status_code for reply in replies] == [401] * 4 + [429] * 5 + [401]
    assert locked.status_code == 401
    assert stranger.status_code == 200


def test_a_device_known_to_one_account_is_a_stranger_to_another(
    caller: Callers, make: Factory, clock
):
    """Threat 95: what is remembered is bound to the person."""
    attacker, victim = make.user(), make.user()
    client = caller(agent="attacker/1")
    guess(client, attacker.email, PASSWORD)
    guess_patiently(caller(agent="other/1"), clock, victim.email, 10)

    assert guess(client, victim.email, PASSWORD).status_code == 401


def test_changing_the_device_or_the_address_gains_no_further_tries(
    caller: Callers, make: Factory, clock
):
    email = make.user().email

    replies = []
    for number in range(10):
        client = caller(agent=f"new/{number}", address=f"192.0.2.{number}")
        replies += guess_patiently(client, clock, email, 1)

    assert [reply.status_code for reply in replies] == [401] * 4 + [429] * 5 + [401]


def test_all_spellings_of_an_address_share_one_counter(caller: Callers, make: Factory, clock):
    """Threat 113."""
    word = uuid4().hex[:10]
    make.user(email=f"bob.{word}@example.test")
    spellings = (
        f"Bob.{word}@example.test",
        f" bob.{word}@EXAMPLE.test",
        f"BOB.{word}@example.test",
    )

    replies = [guess(caller(), spellings[number % 3]) for number in range(5)]

    assert [reply.status_code for reply in replies] == [401] * 4 + [429]


def test_an_unknown_account_behaves_as_a_known_one_does(caller: Callers, make: Factory, clock):
    """Threat 112: the tenth, the eleventh and the twelfth too."""
    known = guess_patiently(caller(), clock, make.user().email, 12)
    unknown = guess_patiently(caller(), clock, f"{uuid4().hex}@example.test", 12)

    assert [shape(reply) for reply in known] == [shape(reply) for reply in unknown]


def test_a_success_clears_the_count(caller: Callers, make: Factory, clock):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 9)
    assert guess(caller(), user.email, PASSWORD).status_code == 200

    again = [guess(caller(agent="new/1"), user.email) for _ in range(4)]

    assert [reply.status_code for reply in again] == [401] * 4


def test_a_success_of_the_attacker_clears_nothing_of_the_victim(
    caller: Callers, make: Factory, clock
):
    """Threat 115."""
    attacker, victim = make.user(), make.user()
    guess_patiently(caller(), clock, victim.email, 4)

    guess(caller(), attacker.email, PASSWORD)

    assert guess(caller(agent="new/1"), victim.email).status_code == 429


def test_every_refused_try_is_on_record_and_the_lock_too(caller: Callers, make: Factory, clock):
    """Threat 208: each failed sign-in is exactly one entry."""
    client, user = caller(), make.user()

    replies = guess_patiently(client, clock, user.email, 11)
    replies.append(guess(client, user.email, PASSWORD))

    actions = [[entry.action for entry in entries_of(client, reply)] for reply in replies]
    refused = ["auth.sign_in_refused"]
    assert actions[:9] + actions[10:] == [refused] * 11
    assert sorted(actions[9]) == ["account.locked", *refused]
    reasons = [
        e.details["reason"]
        for reply in replies
        for e in entries_of(client, reply)
        if e.action == refused[0]
    ]
    assert reasons == ["wrong_password"] * 10 + ["locked"] * 2


def test_of_fifty_guesses_at_once_at_most_ten_are_looked_at(caller: Callers, make: Factory):
    """Threat 115: 50 threads, one of them right now and then."""
    client, user = caller(), make.user()
    email = user.email

    replies = at_once(*(lambda: guess(caller(), email) for _ in range(50)))

    entries = entries_with(
        client, AuditEntry.user_id == user.id, AuditEntry.action == "auth.sign_in_refused"
    )
    reasons = Counter(entry.details["reason"] for entry in entries)
    assert len(entries) == 50
    assert reasons["wrong_password"] <= 10
    assert {reply.status_code for reply in replies} <= {401, 429}
    assert guess(caller(), email, PASSWORD).status_code in (401, 429)


def test_of_fifty_right_passwords_after_the_lock_none_opens_the_door(
    caller: Callers, make: Factory, clock
):
    user = make.user()
    guess_patiently(caller(), clock, user.email, 10)

    replies = at_once(*(lambda: guess(caller(), user.email, PASSWORD) for _ in range(20)))

    assert {reply.status_code for reply in replies} == {401}


def test_the_count_is_in_the_table_with_redis_too(
    caller: Callers, make: Factory, runtime: Runtime, clock
):
    """Emptying Redis forgets no wrong password; restarting the service does not either."""
    user = make.user()
    guess_patiently(caller(), clock, user.email, 3)
    if runtime.link is not None:
        runtime.link.call("FLUSHDB")

    replies = guess_patiently(caller(), clock, user.email, 2)

    assert [reply.status_code for reply in replies] == [401, 429]
    with runtime.reading() as db:
        in_table = select(func.count()).where(EPHEMERAL.c.key.startswith("tries:"))
        assert db.scalar(in_table) >= 1


def test_the_table_of_tries_holds_no_address(caller: Callers, make: Factory, runtime: Runtime):
    email = make.user().email
    guess(caller(), email)

    with runtime.reading() as db:
        keys = db.scalars(select(EPHEMERAL.c.key)).all()

    assert not any(email.partition("@")[0] in key for key in keys)


def test_switching_the_limits_off_leaves_the_lock_and_the_sessions_alone(
    make_app, make: Factory, address: str, clock
):
    """Ruling 6: RATELIMIT_ENABLED=false is for limits; the account lock does not obey it."""
    client = client_of(make_app(RATELIMIT_ENABLED="false"), address)
    user = make.user()
    headers = make.bearer(user)

    replies = guess_patiently(client, clock, user.email, 5)
    me = client.get(ME, headers=headers)

    assert [reply.status_code for reply in replies] == [401] * 4 + [429]
    assert me.status_code == 200
