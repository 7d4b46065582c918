"""Whose password a page sets: password managers keep it under that name."""

import re
from uuid import uuid4

import pytest

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import AccountStatus
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.organizations.service import web_address_of as address_of_invite

NAMED = re.compile(r'<input type="email" autocomplete="username" value="([^"]*)" readonly hidden>')


def path_of_link(runtime, user, purpose: LinkPurpose) -> str:
    with unit_of_work(runtime, Origin()) as ctx:
        link = renew_link(ctx, user, purpose, address=f"{uuid4().hex}@example.test")
        return web_address_of(ctx, link.id).removeprefix("http://localhost:5000")


@pytest.mark.parametrize(
    ("purpose", "status"),
    [
        (LinkPurpose.RESET, AccountStatus.ACTIVE),
        (LinkPurpose.ACTIVATE, AccountStatus.INACTIVE),
    ],
)
def test_a_mailed_link_names_the_account(client, runtime, make, purpose, status):
    user = make.user(status=status)

    page = client.get(path_of_link(runtime, user, purpose))

    assert NAMED.findall(page.text) == [user.email]


def test_an_invitation_names_who_is_invited(client, runtime, make):
    invite = make.invite(make.organization())
    with unit_of_work(runtime, Origin()) as ctx:
        path = address_of_invite(ctx, invite).removeprefix("http://localhost:5000")

    assert NAMED.findall(client.get(path).text) == [invite.email]


def test_a_way_back_does_not_tell_the_address_that_replaced_its_own(client, runtime, make):
    """Threat 107: it went to the address of before."""
    user = make.user()

    page = client.get(path_of_link(runtime, user, LinkPurpose.UNDO))

    assert (page.status_code, user.email in page.text) == (200, False)


def test_a_link_that_holds_no_more_names_nobody(client, runtime, make):
    user = make.user()
    path = path_of_link(runtime, user, LinkPurpose.RESET)
    path_of_link(runtime, user, LinkPurpose.RESET)

    page = client.get(path)

    assert (page.status_code, user.email in page.text) == (400, False)
