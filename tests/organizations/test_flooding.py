"""Inviting one address: many of one sender keep those of another waiting no longer."""

import pytest

from gatehouse.core.roles import Role
from gatehouse.mail.service import MOST_IN_AN_HOUR
from tests.mailbox import link_in
from tests.organizations.test_invites import ANEW, accept, invite, invites, new_address


class Sender:
    """Somebody with an organization of their own."""

    def __init__(self, client, make, name, user=None):
        self.client = client
        self.org = make.organization(name=name)
        self.headers = make.bearer(
            make.member(self.org, Role.OWNER, **({"user": user} if user else {}))
        )

    def invite(self, email):
        return invite(self.client, self.org, self.headers, email).json["data"]["invite"]["id"]

    def resend(self, invite_id):
        path = f"{invites(self.org)}/{invite_id}/resend"
        assert self.client.post(path, headers=self.headers).status_code == 200


def test_what_was_sent_again_is_mailed_once_with_the_link_that_holds(client, make, mailbox):
    sender, email = Sender(client, make, "Acme"), new_address()
    made = sender.invite(email)
    for _ in range(20):
        sender.resend(made)

    [letter] = mailbox.deliver()

    assert mailbox.left() == 0
    assert accept(client, link_in(letter).rpartition("/")[2], **ANEW).status_code == 200


def test_others_who_send_many_keep_no_newcomer_waiting(client, make, mailbox):
    """Threat 111."""
    email = new_address()
    for number in range(4):
        junk = Sender(client, make, f"Junk {number}")
        made = junk.invite(email)
        for _ in range(3):
            mailbox.deliver()
            junk.resend(made)
    mailbox.deliver()

    Sender(client, make, "Employer").invite(email)

    assert [letter.subject for letter in mailbox.deliver()] == ["You are invited to Employer"]


def test_one_account_is_one_sender_whatever_it_owns(client, make, mailbox):
    """Threat 111: what is over is dropped, and does not trickle in for days."""
    email, user = new_address(), make.user()
    for number in range(MOST_IN_AN_HOUR + 3):
        Sender(client, make, f"Junk {number}", user).invite(email)
        mailbox.deliver()

    assert len(mailbox.to(email)) == MOST_IN_AN_HOUR
    assert mailbox.left() == 0


def test_nobody_gets_without_end_from_many_newcomers(client, make, mailbox):
    """Threat 111."""
    email = new_address()
    for number in range(12):
        Sender(client, make, f"Junk {number}").invite(email)

    mailbox.deliver()

    assert (len(mailbox.to(email)), mailbox.left()) == (10, 2)


@pytest.mark.parametrize("way", ["invite", "resend", "add"])
def test_who_has_not_proven_their_own_address_mails_nobody(client, make, mailbox, way):
    """Threat 111: an account costs nothing, and its words would go out in our name."""
    org, user = make.organization(), make.user(email_verified=False)
    headers = make.bearer(make.member(org, Role.OWNER, user=user))
    path, sent = invites(org), {"email": new_address(), "role": "member"}
    if way == "resend":
        path, sent = f"{path}/{make.invite(org).id}/resend", None
    elif way == "add":
        path = f"/api/v1/organizations/{org.id}/members"
        sent = {"email": make.user().email, "role": "member"}

    reply = client.post(path, json=sent, headers=headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "EMAIL_NOT_VERIFIED")
    assert "/auth/resend-verification" in reply.json["message"]
    assert mailbox.deliver() == []


def test_the_words_of_an_invitation_are_ours(client, make, mailbox):
    """Threat 111: names are shown, and lead nowhere."""
    user = make.user(full_name="Your bank (https://evil.test/login)")
    org = make.organization(name="Account locked, open https://evil.test/unlock")
    headers = make.bearer(make.member(org, Role.OWNER, user=user))
    invite(client, org, headers, new_address())

    [letter] = mailbox.deliver()

    assert letter.subject == "You are invited to Account locked, open evil test/unlock"
    assert "evil.test" not in letter.text + letter.html
