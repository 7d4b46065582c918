"""Changing one's address: the new one is confirmed, the old one is warned, and can undo it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from gatehouse.accounts.models import User
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mailbox import link_in, token_in

EMAIL = "/api/v1/users/me/email"
CONFIRM = "/api/v1/auth/confirm-email"
UNDO = "/api/v1/auth/undo-email-change"
LOGIN = "/api/v1/auth/login"
SESSIONS = "/api/v1/auth/sessions"
HOME = "http://localhost:5000"
NEW = "zebra lantern forty-two orbit"


def new_address() -> str:
    return f"new-{uuid4().hex}@example.test"


@pytest.fixture
def user(make):
    return make.user()


@pytest.fixture
def headers(make, user):
    return make.bearer(user)


def ask(client, headers, email, **more):
    return client.post(EMAIL, json={"email": email, **more}, headers=headers)


def use(client, path, letter, headers=None):
    return client.post(path, json={"token": token_in(letter)}, headers=headers)


def sign_in(client, email, password=PASSWORD):
    return client.post(LOGIN, json={"email": email, "password": password}).status_code


@pytest.fixture
def moved(client, mailbox, user, headers):
    """The account has moved. Returns its old and new address, and the letter with the way back."""
    old, new = user.email, new_address()
    ask(client, headers, new)
    mailbox.deliver()
    assert use(client, CONFIRM, mailbox.to(new)[0], headers).status_code == 200
    (letter,) = mailbox.deliver()
    return old, new, letter


def test_nothing_changes_before_the_new_address_is_confirmed(client, mailbox, user, headers, db):
    new = new_address()

    assert ask(client, headers, new).status_code == 200

    old_letter, new_letter = sorted(mailbox.deliver(), key=lambda letter: letter.to == new)
    assert (old_letter.to, new_letter.to) == (user.email, new)
    assert new not in old_letter.text
    assert link_in(new_letter).startswith("http://localhost:5000/confirm-email/ghe_")
    assert db.get(User, user.id).email == user.email
    assert (sign_in(client, user.email), sign_in(client, new)) == (200, 401)


def test_the_confirmed_address_signs_in_and_the_old_one_does_not(client, moved, user, db):
    old, new, letter = moved

    assert (sign_in(client, old), sign_in(client, new)) == (401, 200)
    assert (db.get(User, user.id).email, db.get(User, user.id).email_verified) == (new, True)
    assert letter.to == old


def test_the_way_back_signs_everybody_out(client, moved, headers):
    """Threat 107: whoever knows the password, too."""
    old, new, letter = moved

    reply = use(client, UNDO, letter)

    assert reply.status_code == 200
    assert (sign_in(client, old), sign_in(client, new)) == (401, 401)
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert [entry.action for entry in entries_of(client, reply)] == ["account.email_change_undone"]
    assert use(client, UNDO, letter).status_code == 400


def test_a_thief_who_moves_twice_does_not_cut_the_way_back(
    client, mailbox, moved, headers, user, db
):
    """Threat 107: the first owner's link outlasts whatever was changed after it."""
    old, _, letter = moved
    third = new_address()
    ask(client, headers, third)
    mailbox.deliver()
    use(client, CONFIRM, mailbox.to(third)[0], headers)

    assert use(client, UNDO, letter).status_code == 200
    me = db.get(User, user.id)
    assert (me.email, me.email_verified) == (old, True)
    assert sign_in(client, third) == 401


def test_after_the_way_back_both_addresses_are_told_and_the_owner_sets_a_password(
    client, mailbox, moved
):
    old, new, letter = moved
    use(client, UNDO, letter)

    told, other = sorted(mailbox.deliver(), key=lambda letter: letter.to == new)

    assert (told.to, other.to, "http" in other.text.replace(HOME, "")) == (old, new, False)
    sent = {"token": token_in(told), "password": NEW, "password_confirm": NEW}
    assert client.post("/api/v1/auth/reset-password", json=sent).status_code == 200
    assert sign_in(client, old, NEW) == 200


def test_an_address_that_was_never_proven_has_no_way_back(client, mailbox, make):
    """Threat 107: a mistyped one is somebody else's."""
    user = make.user(email_verified=False)
    new, headers = new_address(), make.bearer(user)
    ask(client, headers, new)
    mailbox.deliver()
    assert use(client, CONFIRM, mailbox.to(new)[0], headers).status_code == 200
    mailbox.deliver()

    assert mailbox.to(user.email) == []


def test_an_old_address_is_nobody_elses_while_there_is_a_way_back(
    client, mailbox, make, moved, headers
):
    """Threat 107: a thief who takes it does not cut the way back."""
    old, new, letter = moved
    sent = {"email": old.upper(), "password": NEW, "password_confirm": NEW}
    of_a_thief = make.bearer(make.user())
    ask(client, of_a_thief, old)
    mailbox.deliver()

    taken = client.post("/api/v1/auth/register", json=sent)
    confirmed = use(client, CONFIRM, mailbox.to(old)[-1], of_a_thief)

    assert (taken.status_code, confirmed.status_code) == (409, 409)
    assert use(client, UNDO, letter).status_code == 200
    assert client.post("/api/v1/auth/register", json=sent | {"email": new}).status_code == 201


def test_ones_own_old_address_is_free_for_oneself(client, mailbox, moved, headers):
    old, _, _ = moved
    ask(client, headers, old)
    mailbox.deliver()

    assert use(client, CONFIRM, mailbox.to(old)[-1], headers).status_code == 200


def test_an_old_address_is_free_when_the_account_is_gone(client, moved, headers):
    old, _, _ = moved
    client.delete("/api/v1/users/me", json={"password": PASSWORD}, headers=headers)
    sent = {"email": old, "password": NEW, "password_confirm": NEW}

    assert client.post("/api/v1/auth/register", json=sent).status_code == 201


def test_a_thief_who_moves_twice_has_no_way_back_either(client, mailbox, moved, headers):
    """Threat 107: once the owner has undone it, the ways back of the thief are void."""
    old, second, letter = moved
    ask(client, headers, new_address())
    mailbox.deliver()
    use(client, CONFIRM, mailbox.letters[-1], headers)
    mailbox.deliver()
    of_the_thief = [found for found in mailbox.to(second) if "undo-email-change" in found.text]

    assert use(client, UNDO, letter).status_code == 200

    assert [use(client, UNDO, found).status_code for found in of_the_thief] == [400, 400]
    assert [use(client, UNDO, found).status_code for found in mailbox.to(old)] == [400, 400]


def test_it_takes_a_fresh_sign_in_or_the_password(client, mailbox, make, user):
    """Threat 107."""
    stale = make.bearer(user, signed_in_ago=timedelta(hours=1))

    refused = ask(client, stale, new_address())
    wrong = ask(client, stale, new_address(), password="wrong")
    right = ask(client, stale, new_address(), password=PASSWORD)

    assert refused.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"
    assert (refused.status_code, wrong.status_code, right.status_code) == (403, 401, 200)


def change_password(client, headers, _letter, _make):
    sent = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    return client.post("/api/v1/users/me/password", json=sent, headers=headers)


def end_the_other_sessions(client, headers, _letter, _make):
    return client.delete("/api/v1/auth/sessions", headers=headers)


def end_one_session(client, headers, _letter, _make):
    found = client.get(SESSIONS, headers=headers).json["data"]["sessions"]
    (other,) = [one["id"] for one in found if not one["is_current"]]
    return client.delete(f"{SESSIONS}/{other}", headers=headers)


def stop_it(client, _headers, letter, _make):
    return use(client, UNDO, letter)


def suspend_it_for_a_while(client, headers, _letter, make):
    me = client.get("/api/v1/users/me", headers=headers).json["data"]["user"]["id"]
    operator = make.bearer(make.user(is_operator=True))
    client.post(f"/api/v1/admin/users/{me}/suspend", headers=operator)
    return client.post(f"/api/v1/admin/users/{me}/unsuspend", headers=operator)


@pytest.mark.parametrize(
    "act",
    [
        change_password,
        end_the_other_sessions,
        end_one_session,
        stop_it,
        suspend_it_for_a_while,
    ],
)
def test_whatever_throws_a_thief_out_stops_the_change(client, mailbox, make, user, headers, act):
    """Threat 107: the thief who asked for it cannot confirm it, with another session neither."""
    new = new_address()
    ask(client, make.bearer(user), new)
    mailbox.deliver()
    (warning,), (letter,) = mailbox.to(user.email), mailbox.to(new)

    assert act(client, headers, warning, make).status_code == 200

    assert use(client, CONFIRM, letter, make.bearer(user)).status_code == 400


@pytest.mark.parametrize("act", [change_password, end_the_other_sessions, suspend_it_for_a_while])
def test_a_change_that_is_stopped_before_it_is_mailed_asks_nobody(
    client, mailbox, make, headers, act
):
    new = new_address()
    ask(client, headers, new)
    act(client, headers, None, make)

    mailbox.deliver()

    assert mailbox.to(new) == []


def test_a_taken_address_is_answered_alike_and_never_taken_over(client, mailbox, make, headers):
    """Threats 107 and 112."""
    holder = make.user()
    free, taken = ask(client, headers, new_address()), ask(client, headers, holder.email)

    assert (free.status_code, free.json["data"]) == (taken.status_code, taken.json["data"])
    mailbox.deliver()
    assert mailbox.to(holder.email) == []


def test_an_address_that_is_taken_meanwhile_stays_whose_it_is(client, mailbox, make, headers):
    new = new_address()
    ask(client, headers, new)
    mailbox.deliver()
    make.user(email=new)

    assert use(client, CONFIRM, mailbox.to(new)[0], headers).status_code == 409


def test_of_two_who_want_one_address_at_once_one_gets_it(app, client, mailbox, make):
    new, people = new_address(), [make.bearer(make.user()) for _ in range(2)]
    for person in people:
        ask(client, person, new)
        mailbox.deliver()

    def confirm(letter, person):
        return use(client_of(app), CONFIRM, letter, person).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(confirm, mailbox.to(new), people)) == [200, 409]


def test_the_newest_wish_wins(client, mailbox, headers):
    first, second = new_address(), new_address()
    ask(client, headers, first)
    mailbox.deliver()
    ask(client, headers, second)
    mailbox.deliver()

    assert use(client, CONFIRM, mailbox.to(first)[0], headers).status_code == 400
    assert use(client, CONFIRM, mailbox.to(second)[0], headers).status_code == 200


def test_who_asks_twice_at_once_is_mailed_one_link(client, mailbox, headers):
    new = new_address()
    for _ in range(2):
        ask(client, headers, new)
    mailbox.deliver()

    (letter,) = mailbox.to(new)
    assert use(client, CONFIRM, letter, headers).status_code == 200


def test_ones_own_address_is_no_new_one(client, user, headers):
    assert ask(client, headers, user.email).status_code == 400


@pytest.mark.parametrize("sent", [{}, {"email": "x"}, {"email": "a@b.test", "user_id": "x"}])
def test_a_bad_field_is_named(client, headers, sent):
    assert client.post(EMAIL, json=sent, headers=headers).status_code == 400


def test_nobody_else_can_ask(client):
    assert client.post(EMAIL, json={"email": new_address()}).status_code == 401
