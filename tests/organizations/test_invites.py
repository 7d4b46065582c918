"""Inviting by address: who may, what is mailed, and that a place is taken at most once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Invite, Member
from gatehouse.organizations.service import web_address_of
from tests.audit.record import entries_of
from tests.conftest import client_of
from tests.mailbox import link_in, token_in

NEW = "zebra lantern forty-two orbit"
ANEW = {"password": NEW, "password_confirm": NEW, "full_name": "Nora New"}


def new_address() -> str:
    return f"new-{uuid4().hex}@example.test"


@pytest.fixture
def org(make):
    return make.organization(name="Marlowe & Sons")


@pytest.fixture
def admin(make, org):
    return make.bearer(make.member(org, Role.ADMIN))


def invites(org) -> str:
    return f"/api/v1/organizations/{org.id}/invites"


def invite(client, org, headers, email, role="member"):
    return client.post(invites(org), json={"email": email, "role": role}, headers=headers)


@pytest.fixture
def token(client, mailbox, org, admin):
    """The token of an invitation that was mailed to ``token.email``."""

    class Token(str):  # noqa: SLOT000
        email = new_address()

    assert invite(client, org, admin, Token.email).status_code == 201
    (letter,) = mailbox.deliver()
    assert letter.to == Token.email
    return Token(token_in(letter))


def accept(client, token, headers=None, **sent):
    return client.post(f"/api/v1/invites/{token}/accept", json=sent, headers=headers)


def members(db, org) -> int:
    return db.scalar(select(func.count(Member.id)).where(Member.org_id == org.id))


def test_an_invitation_is_mailed_and_nobody_else_sees_its_link(client, mailbox, org, admin):
    email = new_address()

    reply = invite(client, org, admin, email)

    made = reply.json["data"]["invite"]
    assert (reply.status_code, made["email"], made["role"]) == (201, email, "member")
    assert "ghi_" not in reply.text
    assert "ghi_" not in client.get(invites(org), headers=admin).text
    (letter,) = mailbox.deliver()
    assert (letter.to, letter.subject) == (email, "You are invited to Marlowe & Sons")
    assert link_in(letter).startswith("http://localhost:5000/invite/ghi_")
    (entry,) = entries_of(client, reply)
    assert (entry.action, str(entry.resource_id)) == ("invite.created", made["id"])
    assert email not in str(entry.details)


def test_somebody_new_accepts_and_is_signed_in_with_a_verified_address(client, org, token, db):
    assert client.get(f"/api/v1/invites/{token}").json["data"] == {
        "email": token.email,
        "organization": {"id": str(org.id), "name": "Marlowe & Sons"},
        "role": "member",
        "expires_at": client.get(f"/api/v1/invites/{token}").json["data"]["expires_at"],
        "user_exists": False,
    }

    reply = accept(client, token, **ANEW)

    data = reply.json["data"]
    assert (data["user"]["email"], data["user"]["email_verified"]) == (token.email, True)
    headers = {"Authorization": f"Bearer {data['token']}"}
    me = client.get("/api/v1/auth/me", headers=headers).json["data"]
    assert [(place["id"], place["role"]) for place in me["organizations"]] == [
        (str(org.id), "member")
    ]


def test_an_account_that_exists_must_be_signed_in_and_gets_no_session(client, make, org, token):
    """Threat 179: a link opens nobody's account."""
    user = make.user(email=token.email)
    assert client.get(f"/api/v1/invites/{token}").json["data"]["user_exists"] is True

    anonymous = accept(client, token, **ANEW)
    other = accept(client, token, make.bearer(make.user()))
    own = accept(client, token, make.bearer(user))

    assert (anonymous.status_code, anonymous.json["error"]["type"]) == (401, "AUTH_REQUIRED")
    assert other.status_code == 403
    assert (own.status_code, own.json["data"]["token"]) == (200, None)
    assert own.json["data"]["role"] == "member"


def test_a_token_that_does_not_hold_is_told_so(client, token):
    reply = accept(client, token, {"Authorization": "Bearer ghs_nonsense"}, **ANEW)

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("kind", ["new", "existing"])
def test_of_eight_who_accept_at_once_one_becomes_a_member(app, make, org, token, db, kind):
    """Threat 179."""
    headers = make.bearer(make.user(email=token.email)) if kind == "existing" else None
    before = members(db, org)

    def one(number):
        sent = {} if headers else ANEW
        return accept(client_of(app, f"198.51.103.{number}"), token, headers, **sent).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(one, range(8)))

    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 400, 401, 409}
    db.rollback()
    assert members(db, org) == before + 1
    assert db.scalar(select(func.count(User.id)).where(User.email == token.email)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": timedelta(seconds=-1)},
        {"role": Role.OWNER},
        {"nonce": "0" * 32},
        {"email_key": "else@example.test"},
    ],
)
def test_an_invitation_that_changed_or_ran_out_is_void(client, runtime, token, changes, make):
    """Threat 179: expired by a second, role raised, another address."""
    with unit_of_work(runtime, Origin()) as ctx:
        row = ctx.db.scalar(select(Invite).where(Invite.email == token.email))
        for name, value in changes.items():
            setattr(row, name, ctx.now + value if name == "expires_at" else value)

    for reply in (client.get(f"/api/v1/invites/{token}"), accept(client, token, **ANEW)):
        assert (reply.status_code, reply.json["error"]["type"]) == (400, "INVALID_TOKEN")


def test_an_invitation_that_was_taken_back_is_void(client, org, admin, token):
    (made,) = client.get(invites(org), headers=admin).json["data"]["invites"]

    assert client.delete(f"{invites(org)}/{made['id']}", headers=admin).status_code == 200

    assert accept(client, token, **ANEW).status_code == 400
    assert client.get(invites(org), headers=admin).json["data"]["count"] == 0
    assert client.delete(f"{invites(org)}/{made['id']}", headers=admin).status_code == 404


def test_an_organization_that_is_gone_invites_nobody(client, make, org, token, mailbox):
    owner = make.bearer(make.member(org, Role.OWNER))
    people = client.get(f"/api/v1/organizations/{org.id}/members", headers=owner)
    for person in people.json["data"]["members"]:
        if person["role"] != "owner":
            path = f"/api/v1/organizations/{org.id}/members/{person['user_id']}"
            client.delete(path, headers=owner)
    assert client.delete(f"/api/v1/organizations/{org.id}", headers=owner).status_code == 200

    assert accept(client, token, **ANEW).status_code == 400


def test_a_mail_that_is_sent_again_voids_the_one_before(client, mailbox, org, admin, token):
    (made,) = client.get(invites(org), headers=admin).json["data"]["invites"]

    assert client.post(f"{invites(org)}/{made['id']}/resend", headers=admin).status_code == 200

    (letter,) = mailbox.deliver()
    assert accept(client, token, **ANEW).status_code == 400
    assert accept(client, token_in(letter), **ANEW).status_code == 200


def test_looking_uses_nothing_up(client, token):
    """Threat 102."""
    for _ in range(5):
        client.get(f"/api/v1/invites/{token}")
        client.head(f"/api/v1/invites/{token}")

    assert accept(client, token, **ANEW).status_code == 200
    assert accept(client, token, **ANEW).status_code == 400


def test_an_address_has_one_pending_invitation(client, org, admin, token, runtime):
    assert invite(client, org, admin, token.email.upper()).status_code == 409

    with unit_of_work(runtime, Origin()) as ctx:
        row = ctx.db.scalar(select(Invite).where(Invite.email == token.email))
        row.expires_at = ctx.now - timedelta(seconds=1)
    assert invite(client, org, admin, token.email).status_code == 201


def test_of_eight_invitations_at_once_one_is_made(app, org, admin, db):
    email = new_address()

    with ThreadPoolExecutor(8) as threads:
        replies = threads.map(lambda _: invite(client_of(app), org, admin, email), range(8))
        statuses = sorted(reply.status_code for reply in replies)

    assert statuses == [201] + [409] * 7


def test_a_member_is_not_invited(client, make, org, admin):
    user = make.user()
    make.member(org, user=user)

    assert invite(client, org, admin, user.email).status_code == 409


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 201), (Role.ADMIN, 201), (Role.MEMBER, 403), (Role.GUEST, 403)],
)
def test_who_may_invite(client, make, org, role, status):
    headers = make.bearer(make.member(org, role))

    assert invite(client, org, headers, new_address()).status_code == status


@pytest.mark.parametrize(("giver", "status"), [(Role.OWNER, 201), (Role.ADMIN, 403)])
def test_nobody_invites_above_their_own_rank(client, make, org, giver, status):
    """Threat 174."""
    headers = make.bearer(make.member(org, giver))

    assert invite(client, org, headers, new_address(), "owner").status_code == status


def test_an_admin_does_not_touch_the_invitation_of_an_owner(client, make, org, admin):
    made = make.invite(org, Role.OWNER)

    assert client.delete(f"{invites(org)}/{made.id}", headers=admin).status_code == 403
    assert client.post(f"{invites(org)}/{made.id}/resend", headers=admin).status_code == 403


def test_an_invitation_of_another_organization_is_not_found(client, make, org, admin):
    """Threat 170."""
    foreign = make.invite(make.organization())

    assert client.delete(f"{invites(org)}/{foreign.id}", headers=admin).status_code == 404


def test_the_holder_of_a_verified_address_sees_what_is_offered(client, make, org):
    user = make.user()
    make.invite(org, email=user.email.upper())
    headers = make.bearer(user)

    (offer,) = client.get("/api/v1/users/me/invites", headers=headers).json["data"]["invites"]

    assert offer["organization"] == {"id": str(org.id), "name": "Marlowe & Sons"}
    assert accept(client, offer["token"], headers).status_code == 200
    assert client.get("/api/v1/users/me/invites", headers=headers).json["data"]["count"] == 0


def test_what_is_offered_comes_in_pages(client, make):
    user = make.user()
    for _ in range(3):
        make.invite(make.organization(), email=user.email)
    headers, path = make.bearer(user), "/api/v1/users/me/invites"

    first = client.get(f"{path}?per_page=2", headers=headers).json
    second = client.get(f"{path}?per_page=2&page=2", headers=headers).json

    assert (len(first["data"]["invites"]), len(second["data"]["invites"])) == (2, 1)
    assert first["meta"]["pagination"] == {"page": 1, "per_page": 2, "total": 3, "pages": 2}
    assert client.get(f"{path}?per_page=abc", headers=headers).status_code == 400


def test_what_nobody_may_make_good_hides_nothing(client, make):
    user = make.user()
    offered = make.organization()
    make.invite(offered, email=user.email)
    with make.together():
        for _ in range(51):
            org = make.organization()
            gone = make.member(org, Role.OWNER, suspended_at=datetime.now(UTC))
            make.invite(org, email=user.email, invited_by_id=gone.user_id)

    (offer,) = client.get("/api/v1/users/me/invites", headers=make.bearer(user)).json["data"][
        "invites"
    ]

    assert offer["organization"]["id"] == str(offered.id)


def test_an_address_that_is_not_verified_is_told_nothing(client, make, org):
    user = make.user(email_verified=False)
    make.invite(org, email=user.email)
    login = {"email": user.email, "password": "correct horse battery staple"}

    own = client.get("/api/v1/users/me/invites", headers=make.bearer(user))

    assert own.json["data"]["invites"] == []
    assert client.post("/api/v1/auth/login", json=login).json["data"]["pending_invites"] == []


def test_a_sign_in_tells_what_is_offered(client, make, org):
    user = make.user()
    make.invite(org, email=user.email)
    login = {"email": user.email, "password": "correct horse battery staple"}

    offers = client.post("/api/v1/auth/login", json=login).json["data"]["pending_invites"]

    assert [offer["role"] for offer in offers] == ["member"]


def test_closed_registration_lets_nobody_in_by_invitation(make_app, runtime, make, org, address):
    """Threat 121."""
    closed = client_of(make_app(REGISTRATION_ENABLED="false"), address)
    made = make.invite(org)
    with unit_of_work(runtime, Origin()) as ctx:
        made.organization_name = org.name
        token = web_address_of(ctx, made).rpartition("/")[2]

    assert accept(closed, token, **ANEW).status_code == 403
    user = make.user(email=made.email)
    assert accept(closed, token, make.bearer(user)).status_code == 200


def test_who_is_added_is_told_and_by_whom(client, mailbox, make, org, admin):
    user = make.user()
    path = f"/api/v1/organizations/{org.id}/members"
    client.post(path, json={"email": user.email, "role": "guest"}, headers=admin)

    (letter,) = mailbox.deliver()

    assert (letter.to, letter.subject) == (user.email, "You are now in Marlowe & Sons")
    assert "as a guest" in letter.text


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"email"}),
        ({"email": "x"}, {"email"}),
        ({"email": "a@b.test", "role": "boss"}, {"role"}),
        ({"email": "a@b.test", "role": None}, {"role"}),
        ({"email": "a@b.test", "org_id": "x"}, {"org_id"}),
    ],
)
def test_a_bad_field_is_named(client, org, admin, sent, fields):
    reply = client.post(invites(org), json=sent, headers=admin)

    assert (reply.status_code, set(reply.json["error"]["details"])) == (400, fields)


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"password"}),
        ({"password": "short", "password_confirm": "short"}, {"password"}),
        ({"password": NEW}, {"password_confirm"}),
        ({**ANEW, "role": "owner"}, {"role"}),
    ],
)
def test_a_bad_acceptance_uses_nothing_up(client, token, sent, fields):
    reply = accept(client, token, **sent)

    assert (reply.status_code, set(reply.json["error"]["details"])) == (400, fields)
    assert accept(client, token, **ANEW).status_code == 200


@pytest.mark.parametrize("junk", ["x", "ghi_" + "0" * 71, "%00", "é"])
def test_what_is_no_invitation_is_refused(client, junk):
    for reply in (client.get(f"/api/v1/invites/{junk}"), accept(client, junk, **ANEW)):
        assert (reply.status_code, reply.json["error"]["type"]) == (400, "INVALID_TOKEN")
