"""An operator's new account is claimed with a mailed link, or with one that the command shows."""

from io import BytesIO
from uuid import uuid4

import pytest

from gatehouse.accounts.models import AccountStatus
from tests.factories import PASSWORD
from tests.mailbox import link_in, token_in

ACTIVATE = "/api/v1/auth/activate"
NEW = "zebra lantern forty-two orbit"


class Terminal(BytesIO):
    """What somebody types."""

    def isatty(self):
        return True


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

    assert f"{email} is an operator as soon as the account is claimed." in output
    assert "A link to claim it is on its way there by mail" in output
    assert "gha_" not in output


def test_who_did_not_claim_the_account_is_mailed_again(make_app, make, mailbox):
    app = make_app(SMTP_HOST="mail.example.test")
    user = make.user(status=AccountStatus.INACTIVE)

    output = app.test_cli_runner().invoke(args=["create-operator", user.email]).output

    (letter,) = mailbox.deliver()
    assert "A link to claim it is on its way" in output
    assert (letter.to, "/activate/" in link_in(letter)) == (user.email, True)


def test_nothing_is_taken_from_anybody_without_a_yes(app, client, make, mailbox, email):
    stranger = make.user(email=email, email_verified=False)
    headers = make.bearer(stranger)

    refused = app.test_cli_runner().invoke(args=["create-operator", email])

    assert (refused.exit_code, mailbox.deliver()) == (1, [])
    assert "It loses password, name and sessions" in refused.output
    assert "--yes" in refused.output
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200


@pytest.mark.parametrize(("answer", "told"), [("n", "Aborted"), ("y", "as soon as")])
def test_at_a_terminal_it_asks(app, make, email, answer, told):
    make.user(email=email, email_verified=False)
    typed = Terminal(f"{answer}\n".encode())

    done = app.test_cli_runner().invoke(args=["create-operator", email], input=typed)

    assert "Go on?" in done.output
    assert told in done.output


def test_whoever_registered_the_address_before_gets_nothing(app, client, make, mailbox, email):
    """Threat 173: an address that was never proven may be a stranger's."""
    stranger = make.user(email=email, email_verified=False, full_name="The real one")
    headers = make.bearer(stranger)

    output = app.test_cli_runner().invoke(args=["create-operator", email, "--yes"]).output

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
