"""An operator's new account is claimed with a mailed link, or with one that the command shows."""

from uuid import uuid4

import pytest

from tests.factories import PASSWORD
from tests.mailbox import link_in, token_in

ACTIVATE = "/api/v1/auth/activate"
NEW = "zebra lantern forty-two orbit"


@pytest.fixture
def email():
    return f"operator-{uuid4().hex}@example.test"


def claim(client, token):
    sent = {"code": token, "password": NEW, "password_confirm": NEW}
    return client.post(ACTIVATE, json=sent)


def test_without_a_mail_server_the_command_shows_the_link_that_is_mailed(
    app, client, mailbox, email
):
    output = app.test_cli_runner().invoke(args=["create-operator", email]).output

    (letter,) = mailbox.deliver()

    assert link_in(letter) in output
    reply = claim(client, token_in(letter))
    assert reply.status_code == 200
    headers = {"Authorization": f"Bearer {reply.json['data']['token']}"}
    assert client.get("/api/v1/admin/users", headers=headers).status_code == 200


def test_with_a_mail_server_no_link_is_shown(make_app, email):
    app = make_app(SMTP_HOST="mail.example.test")

    output = app.test_cli_runner().invoke(args=["create-operator", email]).output

    assert email in output
    assert "gha_" not in output


def test_whoever_registered_the_address_before_gets_nothing(app, client, make, mailbox, email):
    """Threat 173: an address that was never proven may be a stranger's."""
    stranger = make.user(email=email, email_verified=False, full_name="The real one")
    headers = make.bearer(stranger)

    output = app.test_cli_runner().invoke(args=["create-operator", email]).output

    (letter,) = mailbox.deliver()
    login = {"email": email, "password": PASSWORD}
    assert client.get("/api/v1/admin/users", headers=headers).status_code == 401
    assert client.post("/api/v1/auth/login", json=login).status_code == 401
    assert f"{email} is an operator as soon as the account is claimed." in output
    assert (letter.to, link_in(letter) in output) == (email, True)
    claimed = claim(client, token_in(letter)).json["data"]
    assert (claimed["user"]["id"], claimed["user"]["full_name"]) == (str(stranger.id), None)
    own = {"Authorization": f"Bearer {claimed['token']}"}
    assert client.get("/api/v1/admin/users", headers=own).status_code == 200
    assert client.get("/api/v1/admin/users", headers=headers).status_code == 401


def test_an_account_that_is_there_is_mailed_nothing(app, make, mailbox):
    user = make.user()

    app.test_cli_runner().invoke(args=["create-operator", user.email])

    assert mailbox.deliver() == []
