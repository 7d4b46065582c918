"""A sign-in from where an account has not been seen before is told to its owner."""

import pytest

from tests.conftest import client_of
from tests.factories import PASSWORD

LOGIN = "/api/v1/auth/login"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def sign_in(app, make, address):
    """Sign a new person in: ``sign_in(agent)``. Returns the person."""
    user = make.user()

    def do(agent=FIREFOX, ip=address):
        sent = {"email": user.email, "password": PASSWORD}
        assert client_of(app, ip, agent).post(LOGIN, json=sent).status_code == 200
        return user

    return do


def test_the_owner_is_told_once_of_each_new_device(mailbox, sign_in, address):
    user = sign_in()
    (letter,) = mailbox.deliver()
    assert (letter.to, letter.subject) == (user.email, "You signed in from a new device")
    assert "Device: Firefox on Linux" in letter.text
    assert f"Address: {address}" in letter.text

    sign_in()
    assert mailbox.deliver() == []

    sign_in(agent="curl/8")
    sign_in(ip="203.0.113.77")
    assert len(mailbox.deliver()) == 2


def test_what_a_program_calls_itself_is_plain_text(mailbox, sign_in):
    """Threats 90 and 109."""
    sign_in(agent="<script>alert(1)</script>")

    (letter,) = mailbox.deliver()
    assert "<script>" not in letter.html
