"""An invitation holds as long as whoever sent it could still give the place."""

import pytest

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.roles import Role
from tests.mailbox import token_in
from tests.organizations.test_invites import ANEW, accept, invite, invites, new_address


@pytest.fixture
def org(make):
    return make.organization()


@pytest.fixture
def admin(make, org):
    return make.bearer(make.member(org, Role.ADMIN))


@pytest.mark.parametrize(
    "comes",
    [
        lambda c, p, _: c("DELETE", p),
        lambda c, p, _: c("POST", f"{p}/suspend"),
        lambda c, p, _: c("PATCH", f"{p}/role", json={"role": "member"}),
        lambda c, p, _: c("PATCH", f"{p}/role", json={"role": "admin"}),
        lambda _, __, bar: bar(),
    ],
    ids=["removed", "suspended", "demoted", "demoted to admin", "barred from the house"],
)
def test_an_invitation_holds_no_longer_than_the_right_to_give_it(client, make, org, comes):
    """Threat 179: whoever must go leaves nobody behind to come back as."""
    person, friend = make.user(), make.user()
    bad = make.member(org, Role.OWNER, user=person)
    as_owner, headers = make.bearer(make.member(org, Role.OWNER)), make.bearer(friend)
    assert invite(client, org, make.bearer(bad), friend.email, "owner").status_code == 201
    (offer,) = client.get("/api/v1/users/me/invites", headers=headers).json["data"]["invites"]

    def call(method, path, **sent):
        assert client.open(path, method=method, headers=as_owner, **sent).status_code == 200

    place = f"/api/v1/organizations/{org.id}/members/{bad.user_id}"
    comes(call, place, lambda: make.change(person, status=AccountStatus.SUSPENDED))

    for reply in (
        client.get(f"/api/v1/invites/{offer['token']}"),
        accept(client, offer["token"], headers),
    ):
        assert (reply.status_code, reply.json["error"]["type"]) == (400, "INVALID_TOKEN")
    assert client.get("/api/v1/users/me/invites", headers=headers).json["data"]["count"] == 0


def test_who_sends_an_invitation_again_stands_for_it(client, mailbox, make, org, admin):
    invite(client, org, admin, new_address())
    first = client.get(invites(org), headers=admin).json["data"]["invites"][0]
    other = make.member(org, Role.ADMIN)
    client.post(f"{invites(org)}/{first['id']}/resend", headers=make.bearer(other))
    *_, letter = mailbox.deliver()

    client.post(f"/api/v1/organizations/{org.id}/leave", headers=admin)

    assert accept(client, token_in(letter), **ANEW).status_code == 200


def test_nobody_is_mailed_an_invitation_that_does_not_hold(client, mailbox, org, admin):
    invite(client, org, admin, new_address())
    client.post(f"/api/v1/organizations/{org.id}/leave", headers=admin)

    assert mailbox.deliver() == []
