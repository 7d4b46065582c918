"""The pages of links that hold no more."""

from uuid import uuid4

import pytest
from sqlalchemy import update

from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.models import AccountLink, AccountStatus
from gatehouse.accounts.service import renew_link, web_address_of
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.organizations.service import web_address_of as address_of_invite
from tests.login.test_pages import NEW, send, token_of


@pytest.mark.parametrize(
    ("purpose", "way"),
    [
        (LinkPurpose.RESET, "/forgot-password"),
        (LinkPurpose.ACTIVATE, "/forgot-password"),
        (LinkPurpose.VERIFY, "/"),
        (LinkPurpose.CONFIRM, "/"),
        (LinkPurpose.UNDO, "/forgot-password"),
    ],
)
def test_a_link_that_holds_no_more_says_so_before_anything_is_typed(
    client, runtime, make, purpose, way
):
    """Opened again and again it says the same, and where there is a way to a new one."""
    status = AccountStatus.INACTIVE if purpose is LinkPurpose.ACTIVATE else AccountStatus.ACTIVE
    user = make.user(status=status)
    with unit_of_work(runtime, Origin()) as ctx:
        link = renew_link(ctx, user, purpose, address=f"{uuid4().hex}@example.test")
        path = web_address_of(ctx, link.id).removeprefix("http://localhost:5000")
    if purpose in (LinkPurpose.VERIFY, LinkPurpose.CONFIRM):
        client.set_cookie("gatehouse_session", make.session(user.id))
    assert "<form" in client.get(path).text
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(AccountLink).where(AccountLink.id == link.id).values(used_at=ctx.now))

    pages = [client.get(path), client.get(path), client.get(path.replace("_", "_x"))]

    for page in pages:
        assert page.status_code == 400
        assert "This link does not hold any more" in page.text
        assert f'class="button" href="{way}"' in page.text
        assert "<form" not in page.text


def test_a_used_invitation_says_that_one_may_have_joined_and_leads_on(client, runtime, make):
    invite = make.invite(make.organization())
    with unit_of_work(runtime, Origin()) as ctx:
        path = address_of_invite(ctx, invite).removeprefix("http://localhost:5000")
    assert send(client, path, password=NEW, password_confirm=NEW).status_code == 303

    joined = client.get(path)
    again = send(client, path, form_token=token_of(client.get("/logout")))
    client.delete_cookie("gatehouse_session")
    stranger = client.get(path)

    for page, way in ((joined, "/"), (again, "/"), (stranger, "/login")):
        assert page.status_code == 400
        assert "This invitation does not hold any more" in page.text
        assert "Perhaps you have joined already" in page.text
        assert f'class="button" href="{way}"' in page.text


@pytest.mark.parametrize("kind", ["verify-email", "confirm-email"])
def test_nobody_who_is_signed_in_is_told_to_sign_in(client, make, kind):
    path = f"/{kind}/used"
    before = client.get(path).text.lower()
    client.set_cookie("gatehouse_session", make.session(make.user().id))

    assert ("sign in" in before, "sign in" in client.get(path).text.lower()) == (True, False)
