"""An address that an account left is reserved while there is a way back; who needs it gets it."""

from uuid import uuid4

import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from tests.audit.record import entries_of
from tests.mailbox import token_in

NEW = "zebra lantern forty-two orbit"
CHOSEN = {"password": NEW, "password_confirm": NEW}
UNDO = "/api/v1/auth/undo-email-change"


@pytest.fixture
def user(make):
    return make.user()


@pytest.fixture
def old(user):
    return user.email


@pytest.fixture
def way_back(runtime, make, user, old):
    """The token that leads back to the address that the account has left."""
    with unit_of_work(runtime, Origin()) as ctx:
        token = web_address_of(ctx, renew_link(ctx, user, LinkPurpose.UNDO, address=old).id)
    now = f"{uuid4().hex}@example.test"
    make.change(user, email=now, email_key=now)
    return {"token": token.rpartition("/")[2]}


def register(client, email):
    return client.post("/api/v1/auth/register", json={"email": email, **CHOSEN})


def test_who_registers_a_reserved_address_is_told_until_when(client, old, way_back):
    reply = register(client, old.upper())

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "ADDRESS_RESERVED")
    until = reply.json["error"]["details"]["until"]
    assert until[:10] in reply.json["message"]
    assert until.endswith("Z")
    assert "Sign in" not in reply.json["message"]
    assert client.post(UNDO, json=way_back).status_code == 200


def test_a_mailed_invitation_ends_the_reservation(client, mailbox, make, user, old, way_back):
    """Threat 123: whoever has the mail has the address; its former owner comes back no more, and
    no mail of before leads the newcomer into their account.
    """
    org = make.organization()
    admin = make.bearer(make.member(org, Role.ADMIN))
    client.post(f"/api/v1/organizations/{org.id}/invites", json={"email": old}, headers=admin)
    mailbox.deliver()
    token = token_in(mailbox.to(old)[-1])

    page = client.get(f"/invite/{token}").text
    reply = client.post(f"/api/v1/invites/{token}/accept", json=CHOSEN)

    assert "If it was yours, do not join here" in page
    assert (reply.status_code, reply.json["data"]["user"]["email"]) == (200, old)
    released = [e for e in entries_of(client, reply) if e.action == "account.address_released"]
    assert [entry.user_id for entry in released] == [user.id]
    assert client.post(UNDO, json=way_back).status_code == 400


def test_an_invitation_that_is_refused_ends_no_reservation(client, mailbox, make, old, way_back):
    """Threat 107."""
    org = make.organization()
    admin = make.bearer(make.member(org, Role.ADMIN))
    client.post(f"/api/v1/organizations/{org.id}/invites", json={"email": old}, headers=admin)
    mailbox.deliver()
    token = token_in(mailbox.to(old)[-1])

    weak = {"password": "short", "password_confirm": "short"}
    assert client.post(f"/api/v1/invites/{token}/accept", json=weak).status_code == 400

    assert client.post(UNDO, json=way_back).status_code == 200


def test_who_runs_the_host_ends_a_reservation(app, client, old, way_back):
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["create-operator", old])

    released = runner.invoke(args=["release-address", old.upper()])
    again = runner.invoke(args=["release-address", old])

    assert (refused.exit_code, released.exit_code, again.exit_code) == (1, 0, 1)
    assert "release-address" in refused.output
    assert "not reserved" in again.output
    assert client.post(UNDO, json=way_back).status_code == 400
    assert register(client, old).status_code == 201


def test_an_address_that_somebody_has_is_not_released(app, client, runtime, user):
    """Threat 107: the link that stops a change, mailed to the present address, stays."""
    with unit_of_work(runtime, Origin()) as ctx:
        link = web_address_of(ctx, renew_link(ctx, user, LinkPurpose.UNDO, address=user.email).id)

    result = app.test_cli_runner().invoke(args=["release-address", user.email])

    assert (result.exit_code, "not reserved" in result.output) == (1, True)
    assert client.post(UNDO, json={"token": link.rpartition("/")[2]}).status_code == 200
