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


@pytest.mark.parametrize("address", ["nobody", "a@example.test\nBcc: b@example.test"])
def test_a_way_that_does_not_work_is_said_in_words(make_app, address):
    with sink() as server:
        result = run(make_app(**server.settings), "test", address)

    assert (result.exit_code, "It was not sent" in result.output) == (1, True)
