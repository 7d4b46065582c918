"""Pages of links that count only from a session of their account."""

import re
from uuid import uuid4

import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import User
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.login.test_pages import send, token_of


@pytest.fixture(params=[LinkPurpose.VERIFY, LinkPurpose.CONFIRM])
def link(request, runtime, make):
    """An account, and the path of a link of it."""
    user = make.user()
    with unit_of_work(runtime, Origin()) as ctx:
        row = renew_link(ctx, user, request.param, address=f"{uuid4().hex}@example.test")
        return user, web_address_of(ctx, row.id).removeprefix("http://localhost:5000")


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(client, link):
    """Threat 107."""
    user, path = link
    page = client.get(path)
    (way,) = re.findall(r'class="button" href="(/login[^"]+)"', page.text)

    assert f'name="next" value="{path}"' in client.get(way).text
    reply = send(client, "/login", email=user.email, password=PASSWORD, next=path)

    assert (page.status_code, "<form" in page.text) == (200, False)
    assert (reply.status_code, reply.headers["Location"]) == (303, path)
    assert send(client, path).status_code == 303


def test_who_is_signed_in_with_another_account_is_told_to_sign_out(client, make, link):
    """Threat 107."""
    _, path = link
    client.set_cookie("gatehouse_session", make.session(make.user().id))

    page = client.get(path)

    assert "another account" in page.text
    assert f'action="{path}"' not in page.text


def test_what_nobody_or_another_sends_changes_nothing(client, make, link, db):
    """Threats 107 and 173: who owns the mailbox proves no stranger's account by a click."""
    user, path = link
    token = token_of(client.get("/login"))

    nobody = send(client, path, form_token=token)
    client.set_cookie("gatehouse_session", make.session(make.user().id))
    other = send(client, path, form_token=token_of(client.get("/logout")))

    assert (nobody.status_code, other.status_code) == (401, 403)
    assert db.get(User, user.id).email == user.email
    client.set_cookie("gatehouse_session", make.session(user.id))
    assert send(client, path).status_code == 303


def test_where_nobody_has_to_verify_a_link_counts_from_anywhere(make_app, address, link):
    client = client_of(make_app(REQUIRE_VERIFIED_EMAIL="false"), address)

    assert send(client, link[1]).status_code == 303


def test_the_page_says_which_address_the_account_is_to_have(client, runtime, make):
    """Threat 107: nobody is led to confirm a stranger's without seeing it."""
    user, wanted = make.user(), f"{uuid4().hex}@example.test"
    with unit_of_work(runtime, Origin()) as ctx:
        row = renew_link(ctx, user, LinkPurpose.CONFIRM, address=wanted)
        path = web_address_of(ctx, row.id).removeprefix("http://localhost:5000")
    unseen = client.get(path).text
    client.set_cookie("gatehouse_session", make.session(user.id))

    assert (wanted in unseen, wanted in client.get(path).text) == (False, True)


def test_who_never_registered_is_led_to_a_password_of_their_own(client, runtime, make):
    """Threat 107: the stranger who gave their address is out then."""
    user = make.user(email_verified=False)
    with unit_of_work(runtime, Origin()) as ctx:
        row = renew_link(ctx, user, LinkPurpose.VERIFY)
        path = web_address_of(ctx, row.id).removeprefix("http://localhost:5000")

    assert 'href="/forgot-password"' in client.get(path).text
