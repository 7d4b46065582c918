"""Forgotten passwords, addresses to verify, accounts to claim: from asking to the used link."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import AccountLink, AccountStatus, Credential, User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.links import mint_link
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mailbox import link_in, token_in

FORGOT = "/api/v1/auth/forgot-password"
RESET = "/api/v1/auth/reset-password"
VERIFY = "/api/v1/auth/verify-email"
RESEND = "/api/v1/auth/resend-verification"
ACTIVATE = "/api/v1/auth/activate"
RESEND_ACTIVATION = "/api/v1/auth/resend-activation"
LOGIN = "/api/v1/auth/login"
NEW = "zebra lantern forty-two orbit"


def ask(client, mailbox, email, path=FORGOT):
    """Ask for a link, and return the letters that came of it."""
    assert client.post(path, json={"email": email}).status_code == 200
    return mailbox.deliver()


def reset(client, token, password=NEW, **more):
    sent = {"token": token, "password": password, "password_confirm": password, **more}
    return client.post(RESET, json=sent)


def sign_in(client, email, password):
    return client.post(LOGIN, json={"email": email, "password": password}).status_code


def age(runtime, user, **by):
    """Let the links of an account be older."""
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(
            update(AccountLink)
            .where(AccountLink.user_id == user.id)
            .values(expires_at=ctx.now - timedelta(**by))
        )


@pytest.fixture
def user(make):
    return make.user(full_name="Philippa Marlowe", email_verified=False)


@pytest.fixture
def token(client, mailbox, user):
    """The token of a link to set a new password."""
    (letter,) = ask(client, mailbox, user.email)
    return token_in(letter)


def test_a_forgotten_password_is_replaced(client, mailbox, user, make):
    (letter,) = ask(client, mailbox, user.email.upper())
    assert letter.to == user.email
    assert link_in(letter).startswith("http://localhost:5000/reset-password/ghr_")

    reply = reset(client, token_in(letter))

    assert (reply.status_code, reply.json["data"]) == (200, {})
    assert (sign_in(client, user.email, PASSWORD), sign_in(client, user.email, NEW)) == (401, 200)


def test_all_sessions_end_and_nobody_is_signed_in(client, token, user, make):
    """Threats 103 and 118."""
    headers = make.bearer(user)
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200

    reply = reset(client, token)

    assert "token" not in str(reply.json["data"])
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_a_link_that_was_used_proves_the_address(client, mailbox, make, db):
    user = make.user(email_verified=False)
    (letter,) = ask(client, mailbox, user.email)

    reset(client, token_in(letter))

    assert db.get(User, user.id).email_verified


def test_the_record_holds_the_sending_and_the_use_and_no_token(client, mailbox, token, user):
    reply = reset(client, token)

    (entry,) = entries_of(client, reply)
    assert (entry.action, entry.actor_id, entry.user_id) == (
        "account.password_reset",
        user.id,
        user.id,
    )
    assert token not in str(entry.details)
    (letter,) = mailbox.deliver()
    assert (letter.to, letter.subject) == (user.email, "Your password was changed")


def test_a_link_works_once(client, token):
    """Threat 100."""
    assert reset(client, token).status_code == 200

    reply = reset(client, token)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "INVALID_TOKEN")


def test_of_eight_at_once_one_sets_the_password(app, token, user):
    """Threat 100."""
    passwords = [f"{NEW} {number}" for number in range(8)]

    def use(password):
        return reset(client_of(app, f"198.51.100.{passwords.index(password)}"), token, password)

    with ThreadPoolExecutor(8) as threads:
        statuses = [reply.status_code for reply in threads.map(use, passwords)]

    assert sorted(statuses) == [200] + [400] * 7
    # Four others at most: the fifth wrong password in a row is answered 429.
    winner = passwords.pop(statuses.index(200))
    others = [
        sign_in(client_of(app, f"198.51.101.{n}"), user.email, passwords[n]) for n in range(4)
    ]
    assert others == [401] * 4
    assert sign_in(client_of(app, "198.51.101.9"), user.email, winner) == 200


def test_the_newest_link_wins(client, mailbox, token, user):
    (letter,) = ask(client, mailbox, user.email)

    assert reset(client, token).status_code == 400
    assert reset(client, token_in(letter)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(0, 400), (1, 400), (-60, 200)])
def test_a_link_ends_on_time(client, runtime, token, user, seconds, status):
    """Threat 101."""
    age(runtime, user, seconds=seconds)

    assert reset(client, token).status_code == status


def test_a_password_that_was_changed_meanwhile_voids_the_link(client, token, user, make):
    """Threat 101."""
    changed = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    client.post("/api/v1/users/me/password", json=changed, headers=make.bearer(user))

    assert reset(client, token, f"{NEW} again").status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"status": AccountStatus.SUSPENDED},
        {"email_key": "somebody-else@example.test"},
    ],
)
def test_whatever_changes_about_the_account_voids_the_link(client, token, user, make, changes):
    """Threat 101."""
    make.change(user, **changes)

    assert reset(client, token).status_code == 400


def test_looking_uses_nothing_up(client, token):
    """Threat 102: scanners of mail look at every link."""
    for method in ("get", "head", "options"):
        for _ in range(5):
            assert getattr(client, method)(RESET, query_string={"token": token}).status_code in (
                200,
                405,
            )

    assert reset(client, token).status_code == 200


def test_a_refused_password_uses_nothing_up(client, token):
    reply = reset(client, token, "short")

    assert (reply.status_code, set(reply.json["error"]["details"])) == (400, {"password"})
    assert reset(client, token).status_code == 200


@pytest.mark.parametrize("purpose", [p for p in LinkPurpose if p is not LinkPurpose.RESET])
def test_a_link_of_another_kind_sets_no_password(client, app, runtime, token, user, purpose):
    """Threats 20, 69 and 106: also when the row and the nonce are right."""
    with runtime.reading() as db:
        link = db.scalar(select(AccountLink).where(AccountLink.user_id == user.id))
    other = mint_link(runtime.settings, "ghv_", link.id, link.nonce, "x")

    assert reset(client, other).status_code == 400
    assert reset(client, "ghr_" + other[4:]).status_code == 400
    assert client.post(VERIFY, json={"token": token}).status_code == 400


@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"},
        {"Forwarded": "host=evil.test;proto=https"},
        {"X-Original-Host": "evil.test", "Origin": "https://evil.test"},
    ],
)
def test_no_header_leads_a_link_astray(client, mailbox, user, forged):
    """Threat 99."""
    assert client.post(FORGOT, json={"email": user.email}, headers=forged).status_code == 200
    (letter,) = mailbox.deliver()

    assert "evil" not in letter.text + letter.html
    assert link_in(letter).startswith("http://localhost:5000/")


def test_an_unknown_address_is_answered_alike_and_mailed_nothing(client, mailbox, user):
    """Threats 105 and 112."""
    known = client.post(FORGOT, json={"email": user.email})
    unknown = client.post(FORGOT, json={"email": f"{uuid4().hex}@example.test"})

    assert (known.status_code, known.json["data"]) == (unknown.status_code, unknown.json["data"])
    assert set(known.headers.keys()) == set(unknown.headers.keys())
    assert [letter.to for letter in mailbox.deliver()] == [user.email]


@pytest.mark.parametrize("path", [FORGOT, RESEND, RESEND_ACTIVATION])
@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({}, {FORGOT: "ghr_"}),
        ({"email_verified": False}, {FORGOT: "ghr_", RESEND: "ghv_"}),
        ({"status": AccountStatus.INACTIVE}, {FORGOT: "gha_", RESEND_ACTIVATION: "gha_"}),
        ({"status": AccountStatus.SUSPENDED}, {}),
    ],
)
def test_who_gets_which_link(client, mailbox, make, path, fields, kinds):
    """Threat 105: the answer is always the same, the effect is the right one."""
    user = make.user(**fields)

    letters = ask(client, mailbox, user.email, path)

    assert [token_in(letter)[:4] for letter in letters] == ([kinds[path]] if path in kinds else [])


def test_a_deleted_account_gets_nothing(client, mailbox, make):
    user = make.user()
    client.delete("/api/v1/users/me", headers=make.bearer(user), json={"password": PASSWORD})

    assert ask(client, mailbox, user.email) == []


def test_a_sixth_link_within_an_hour_is_not_sent(app, mailbox, user):
    """Threat 111: whoever asks, from wherever."""
    for number in range(7):
        client = client_of(app, f"198.51.102.{number}")
        client.post(FORGOT, json={"email": user.email})
        mailbox.deliver()

    assert len(mailbox.to(user.email)) == 5


def test_asking_is_limited_by_address(client, user):
    statuses = [client.post(FORGOT, json={"email": user.email}).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]


def test_a_new_account_is_mailed_a_link_that_verifies_the_address(client, mailbox):
    email = f"{uuid4().hex}@example.test"
    registered = client.post(
        "/api/v1/auth/register",
        json={"email": email, "password": NEW, "password_confirm": NEW},
    )
    headers = {"Authorization": f"Bearer {registered.json['data']['token']}"}
    (letter,) = mailbox.deliver()

    reply = client.post(VERIFY, json={"token": token_in(letter)}, headers=headers)

    assert (letter.to, reply.status_code) == (email, 200)
    me = client.get("/api/v1/users/me", headers=headers).json["data"]["user"]
    assert me["email_verified"] is True
    assert client.post(VERIFY, json={"token": token_in(letter)}).status_code == 400
    assert ask(client, mailbox, email, RESEND) == []


@pytest.mark.parametrize("name", ["code", "activation_key"])
def test_an_account_made_for_somebody_is_claimed(client, mailbox, make, db, name):
    user = make.user(status=AccountStatus.INACTIVE)
    (letter,) = ask(client, mailbox, user.email, RESEND_ACTIVATION)
    sent = {name: token_in(letter), "password": NEW, "password_confirm": NEW}

    reply = client.post(ACTIVATE, json=sent)

    data = reply.json["data"]
    assert (data["user"]["status"], data["user"]["email_verified"]) == ("active", True)
    headers = {"Authorization": f"Bearer {data['token']}"}
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200
    assert client.post(ACTIVATE, json=sent).json["error"]["type"] == "INVALID_TOKEN"
    assert sign_in(client, user.email, NEW) == 200
    count = select(func.count()).where(Credential.user_id == user.id)
    assert db.scalar(count) == 1


def test_a_code_by_both_its_names_is_refused(client, mailbox, make):
    user = make.user(status=AccountStatus.INACTIVE)
    (letter,) = ask(client, mailbox, user.email, RESEND_ACTIVATION)
    token = token_in(letter)
    sent = {"code": token, "activation_key": token, "password": NEW, "password_confirm": NEW}

    reply = client.post(ACTIVATE, json=sent)

    assert reply.status_code == 400
    assert "send one" in reply.json["error"]["details"]["activation_key"][0]


def test_a_claim_without_a_password_before_makes_one(client, mailbox, make, runtime):
    user = make.user(status=AccountStatus.INACTIVE)
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.delete(ctx.db.scalar(select(Credential).where(Credential.user_id == user.id)))
    (letter,) = ask(client, mailbox, user.email, RESEND_ACTIVATION)

    sent = {"code": token_in(letter), "password": NEW, "password_confirm": NEW}
    assert client.post(ACTIVATE, json=sent).status_code == 200

    assert sign_in(client, user.email, NEW) == 200


@pytest.mark.parametrize(
    ("path", "sent", "fields"),
    [
        (FORGOT, {}, {"email"}),
        (FORGOT, {"email": "nobody"}, {"email"}),
        (FORGOT, {"email": ["a@example.test"]}, {"email"}),
        (RESET, {}, {"token", "password", "password_confirm"}),
        (RESET, {"token": "", "password": NEW, "password_confirm": NEW}, {"token"}),
        (RESET, {"token": 5, "password": NEW, "password_confirm": NEW}, {"token"}),
        (RESET, {"token": "x" * 201, "password": NEW, "password_confirm": NEW}, {"token"}),
        (RESET, {"token": "x", "password": NEW, "password_confirm": "other"}, {"password_confirm"}),
        (
            RESET,
            {"token": "x", "password": NEW, "password_confirm": NEW, "user_id": 1},
            {"user_id"},
        ),
        (VERIFY, {"token": None}, {"token"}),
        (ACTIVATE, {"password": NEW, "password_confirm": NEW}, {"code"}),
    ],
)
def test_a_bad_field_is_named(client, path, sent, fields):
    reply = client.post(path, json=sent)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == fields


@pytest.mark.parametrize(
    "token", ["x", "ghr_" + "0" * 71, "ghr_\x00", "é" * 75, "../../etc/passwd"]
)
@pytest.mark.parametrize("path", [RESET, VERIFY, ACTIVATE])
def test_what_is_no_link_is_refused_quickly_and_alike(client, path, token):
    sent = {"code" if path == ACTIVATE else "token": token}
    if path != VERIFY:
        sent |= {"password": NEW, "password_confirm": NEW}

    reply = client.post(path, json=sent)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "INVALID_TOKEN")
