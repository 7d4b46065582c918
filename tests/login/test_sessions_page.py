"""Where somebody is signed in, on the page of security."""

import pytest

from gatehouse.sessions.rules import place_in_words
from tests.factories import PASSWORD
from tests.login.test_pages import OURS, send, token_of


@pytest.fixture
def user(make):
    return make.user()


@pytest.fixture
def signed_in(client, user):
    assert send(client, "/login", email=user.email, password=PASSWORD).status_code == 303
    return client


def test_sessions_are_ended_from_the_page_of_security(signed_in, make, user):
    other = make.session(user.id)
    page = signed_in.get("/security")
    fields = {"form_token": token_of(page)}

    reply = signed_in.post("/sessions/end-others", data=fields, headers=OURS)

    assert reply.status_code == 303
    headers = {"Authorization": f"Bearer {other}"}
    assert signed_in.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert "This browser" in signed_in.get("/security").text


def test_somebody_signs_out_everywhere_at_once(signed_in, make, user):
    other = make.session(user.id)
    fields = {"form_token": token_of(signed_in.get("/security"))}

    reply = signed_in.post("/sessions/end-all", data=fields, headers=OURS)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert signed_in.get("/security").headers["Location"].startswith("/login")
    headers = {"Authorization": f"Bearer {other}"}
    assert signed_in.get("/api/v1/auth/me", headers=headers).status_code == 401


@pytest.mark.unit
@pytest.mark.parametrize(
    ("network", "here", "says"),
    [
        ("198.51.100.7", "198.51.100.7", "The network that you are in now"),
        ("8.8.8.8", "198.51.100.7", "Another network, 8.8.8.8"),
        ("2a01:4f8:0:1::/64", "8.8.8.8", "Another network, 2a01:4f8:0:1::/64"),
        ("10.1.2.3", "8.8.8.8", "A private network, 10.1.2.3"),
        ("fd12:3456:0:1::/64", "8.8.8.8", "A private network, fd12:3456:0:1::/64"),
        ("203.0.113.9", "8.8.8.8", "Another network, 203.0.113.9"),
        ("127.0.0.1", "8.8.8.8", "The machine of this service"),
        ("unknown", "8.8.8.8", "Unknown place"),
    ],
)
def test_a_network_is_named_in_words(network: str, here: str, says: str):
    assert place_in_words(network, here) == says
