"""Nobody makes us flood somebody else's mailbox, nor use up what it may get."""

from itertools import pairwise
from uuid import uuid4

import pytest

from gatehouse.accounts.events import AccountCreatedFor, AccountDisowned, AccountLocked
from gatehouse.accounts.models import AccountStatus
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.mail.service import MOST_IN_AN_HOUR
from gatehouse.outbox.queries import counts
from gatehouse.outbox.service import publish
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mailbox import Mailbox, token_in

NEW = "zebra lantern forty-two orbit"


def new_address() -> str:
    return f"new-{uuid4().hex}@example.test"


def test_adding_somebody_again_and_again_mails_five_times(client, mailbox, make):
    """Threat 111: what is over is dropped, and does not trickle in for days."""
    org, user = make.organization(), make.user()
    headers = make.bearer(make.member(org, Role.OWNER))
    path = f"/api/v1/organizations/{org.id}/members"
    for _ in range(MOST_IN_AN_HOUR + 2):
        sent = {"email": user.email, "role": "guest"}
        assert client.post(path, json=sent, headers=headers).status_code == 201
        mailbox.deliver()
        client.delete(f"{path}/{user.id}", headers=headers)

    assert len(mailbox.to(user.email)) == MOST_IN_AN_HOUR
    assert waiting(mailbox) == 0


def test_many_accounts_that_want_one_address_mail_it_five_times(client, mailbox, make):
    """Threat 111."""
    wanted = new_address()
    for _ in range(MOST_IN_AN_HOUR + 2):
        headers = make.bearer(make.user())
        sent = {"email": wanted}
        assert client.post("/api/v1/users/me/email", json=sent, headers=headers).status_code == 200
        mailbox.deliver()

    assert len(mailbox.to(wanted)) == MOST_IN_AN_HOUR
    assert waiting(mailbox) == 0


def test_notices_are_limited_too_and_come_later(client, mailbox, make):
    """Threat 111."""
    user = make.user()
    passwords = [PASSWORD, *(f"{NEW} {number}" for number in range(MOST_IN_AN_HOUR + 1))]
    for old, new in pairwise(passwords):
        sent = {"current_password": old, "new_password": new, "new_password_confirm": new}
        reply = client.post("/api/v1/users/me/password", json=sent, headers=make.bearer(user))
        assert reply.status_code == 200
        mailbox.deliver()

    assert len(mailbox.to(user.email)) == MOST_IN_AN_HOUR
    assert waiting(mailbox) == 1


def test_no_flood_of_notices_keeps_the_way_back_from_a_change_of_address(
    app, client, mailbox, make
):
    """Threat 107: neither the warning nor the news of the change waits behind anything."""
    user, wanted = make.user(), new_address()
    headers, sent = make.bearer(user), {"email": user.email, "password": PASSWORD}
    for number in range(MOST_IN_AN_HOUR + 1):
        device = client_of(app, f"198.51.{number}.7")
        assert device.post("/api/v1/auth/login", json=sent).status_code == 200
    with unit_of_work(app.extensions["gatehouse"], Origin()) as ctx:
        for _ in range(MOST_IN_AN_HOUR + 1):
            publish(ctx, AccountLocked(user_id=user.id, minutes=15))
    mailbox.deliver()

    client.post("/api/v1/users/me/email", json={"email": wanted}, headers=headers)
    warning, asks = sorted(mailbox.deliver(), key=lambda letter: letter.to == wanted)
    confirmed = {"token": token_in(asks)}
    client.post("/api/v1/auth/confirm-email", json=confirmed, headers=headers)
    (news,) = mailbox.deliver()

    assert (warning.to, news.to) == (user.email, user.email)
    assert "undo-email-change" in warning.text
    assert "undo-email-change" in news.text


def test_warnings_of_a_change_of_address_are_limited_by_themselves(client, mailbox, make):
    """Threat 111: a link of any of them stops every change, so that no later one is missed."""
    user = make.user()
    headers = make.bearer(user)
    for _ in range(MOST_IN_AN_HOUR + 1):
        client.post("/api/v1/users/me/email", json={"email": new_address()}, headers=headers)
        mailbox.deliver()
    first, *_ = warnings = mailbox.to(user.email)

    assert (len(warnings), waiting(mailbox)) == (MOST_IN_AN_HOUR, 0)
    stopped = client.post("/api/v1/auth/undo-email-change", json={"token": token_in(first)})
    assert stopped.status_code == 200


def test_who_never_proved_the_address_is_mailed_links_only(client, mailbox, make):
    """Threat 111: it may be a stranger's."""
    user, wanted = make.user(email_verified=False), new_address()
    headers = make.bearer(user)
    sent = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}

    client.post("/api/v1/users/me/password", json=sent, headers=headers)
    client.post("/api/v1/users/me/email", json={"email": wanted}, headers=headers)

    assert {letter.to for letter in mailbox.deliver()} == {wanted}


@pytest.mark.parametrize("is_known", [True, False])
def test_asking_for_links_keeps_no_invitation_waiting(app, client, mailbox, make, is_known):
    """Threat 111: a link that is one too many is dropped; one that is not sent counts nothing."""
    email, org = new_address(), make.organization()
    if is_known:
        make.user(email=email)
    for number in range(MOST_IN_AN_HOUR + 3):
        asking = client_of(app, f"198.51.103.{number}")
        asking.post("/api/v1/auth/forgot-password", json={"email": email})
        mailbox.deliver()
    assert (len(mailbox.to(email)), waiting(mailbox)) == (5 if is_known else 0, 0)

    sent = {"email": email, "role": "member"}
    headers = make.bearer(make.member(org, Role.OWNER))
    client.post(f"/api/v1/organizations/{org.id}/invites", json=sent, headers=headers)

    assert [letter.subject for letter in mailbox.deliver()] == [f"You are invited to {org.name}"]


@pytest.mark.parametrize("kind", [AccountCreatedFor, AccountDisowned])
def test_who_is_to_claim_an_account_is_mailed_five_times_and_later_again(mailbox, make, kind):
    """Threat 111."""
    user = make.user(status=AccountStatus.INACTIVE, email_verified=False)
    with unit_of_work(mailbox.app.extensions["gatehouse"], Origin()) as ctx:
        for _ in range(MOST_IN_AN_HOUR + 2):
            publish(ctx, kind(user_id=user.id))

    mailbox.deliver()

    assert len(mailbox.to(user.email)) == MOST_IN_AN_HOUR
    assert waiting(mailbox) == 2


def waiting(mailbox: Mailbox) -> int:
    """How many messages are put off."""
    with unit_of_work(mailbox.app.extensions["gatehouse"], Origin()) as ctx:
        return counts(ctx)["waiting"]
