"""``python manage.py mail``."""

import pytest

from gatehouse.mail.service import samples_of
from tests.sink import sink


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["mail", *arguments])


def test_every_mail_can_be_looked_at(app, runtime):
    listed = run(app, "preview").output

    for name in samples_of(runtime.mails):
        assert name in listed
        assert run(app, "preview", name).output.startswith("Subject: ")
        assert run(app, "preview", name, "--html").output.startswith("<!doctype html>")


def test_a_name_that_is_none_is_refused(app):
    assert run(app, "preview", "nonsense").exit_code == 1


@pytest.mark.integration
def test_the_way_out_can_be_tried(make_app):
    with sink() as server:
        result = run(make_app(**server.settings), "test", "bob@example.test")

    assert result.output == "The server has taken it.\n"
    assert server.recipients == ["bob@example.test"]


def test_a_way_that_does_not_work_is_said_in_words(make_app):
    result = run(make_app(SMTP_HOST="127.0.0.1", SMTP_PORT="1"), "test", "bob@example.test")

    assert result.exit_code == 1
    assert "It was not sent. 127.0.0.1:1: Connection refused\n" in result.output
    assert "correct SMTP_HOST, SMTP_PORT" in result.output


@pytest.mark.parametrize(
    "address", ["nobody", "@", "a b@example.test", "a@example.test\nBcc: b@example.test"]
)
def test_what_is_no_address_is_refused_before_a_server_is_asked(make_app, address):
    with sink() as server:
        result = run(make_app(**server.settings), "test", address)

    assert (result.exit_code, "ADDRESS" in result.output) == (2, True)
    assert server.mails == []


@pytest.mark.parametrize("kind", ["testing", "production"])
def test_without_a_server_there_is_nothing_to_try(make_app, kind):
    secrets = {"SECRET_KEY": "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA", "BCRYPT_LOG_ROUNDS": "12"}
    keys = {**secrets, "ENCRYPTION_KEY": "As0Gd5Jh1Fc6Yn3Br8Zw4Lp7Tm2Qv9Xk"}

    result = run(make_app(FLASK_ENV=kind, **keys), "test", "bob@example.test")

    assert result.exit_code == 1
    assert result.output.startswith("Error: SMTP_HOST is not set")
