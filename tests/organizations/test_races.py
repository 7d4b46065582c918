"""Two at the same moment: at least one owner always, one place a person, no right that has gone."""

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from tests.accounts.together import at_once, held_up
from tests.conftest import client_of
from tests.factories import Factory
from tests.organizations.people import Circle, owners_of

ME = "/api/v1/users/me"
ORGANIZATIONS = "/api/v1/organizations"


class Caller:
    """Calls the API from any thread: each call has a client of its own."""

    def __init__(self, app: Flask, address: str) -> None:
        self._app, self._address = app, address
        self.runtime = app.extensions["gatehouse"]

    def __call__(self, method, path, headers, json=None):
        client = client_of(self._app, self._address)
        return client.open(path, method=method, json=json, headers=headers)

    def get(self, path, headers):
        return self("GET", path, headers)


@pytest.fixture
def call(app: Flask, address: str) -> Caller:
    return Caller(app, address)


def role_path(circle: Circle, member: Member) -> str:
    return circle.path(f"/members/{member.user_id}/role")


def statuses(replies) -> list[int]:
    return sorted(reply.status_code for reply in replies)


def test_of_two_owners_who_demote_each_other_one_stays(call, make: Factory, circle: Circle):
    """Threat 175."""
    owners = (circle.owner, circle.other_owner)
    headers = [make.bearer(owner) for owner in owners]

    replies = at_once(
        lambda: call("PATCH", role_path(circle, owners[1]), headers[0], {"role": "guest"}),
        lambda: call("PATCH", role_path(circle, owners[0]), headers[1], {"role": "guest"}),
    )

    assert statuses(replies) == [200, 403]
    assert owners_left(call, make, circle) == 1


def test_of_two_owners_who_remove_each_other_one_stays(call, make: Factory, circle: Circle):
    """Threat 175."""
    owners = (circle.owner, circle.other_owner)
    headers = [make.bearer(owner) for owner in owners]

    replies = at_once(
        lambda: call("DELETE", circle.path(f"/members/{owners[1].user_id}"), headers[0]),
        lambda: call("DELETE", circle.path(f"/members/{owners[0].user_id}"), headers[1]),
    )

    assert statuses(replies) in ([200, 403], [200, 404])
    assert owners_left(call, make, circle) == 1


@pytest.mark.parametrize("verb", ["leave", "delete the account", "both"])
def test_of_two_owners_who_go_at_once_one_stays(call, make: Factory, circle: Circle, verb):
    """Threat 176."""
    circle.join()
    headers = [make.bearer(owner) for owner in (circle.owner, circle.other_owner)]
    leave = ("POST", circle.path("/leave"))
    delete = ("DELETE", ME)
    ways = {
        "leave": (leave, leave),
        "delete the account": (delete, delete),
        "both": (leave, delete),
    }

    replies = at_once(
        *(
            lambda way=way, header=header: call(*way, header)
            for way, header in zip(ways[verb], headers, strict=True)
        )
    )

    assert statuses(replies) == [200, 409]
    assert owners_left(call, make, circle) == 1


def owners_left(call, make: Factory, circle: Circle) -> int:
    """As a new guest sees it, so that it does not matter who went."""
    headers = make.bearer(circle.join(Role.GUEST))
    listed = call("GET", circle.path("/members?per_page=200"), headers).json["data"]["members"]
    return sum(entry["role"] == "owner" for entry in listed)


def test_one_person_added_eight_times_at_once_is_one_member(call, make: Factory, circle: Circle):
    user, headers = make.user(), circle.as_owner
    sent = {"email": user.email, "role": "member"}

    replies = at_once(
        *(lambda: call("POST", circle.path("/members"), headers, sent) for _ in range(8))
    )

    assert statuses(replies) == [201] + [409] * 7
    read = call("GET", circle.path(), headers).json["data"]
    assert read["member_count"] == 3


def test_one_slug_asked_for_eight_times_at_once_is_one_organization(call, make: Factory):
    sent = {"name": "Acme", "slug": f"race-{uuid4().hex[:12]}"}
    headers = [make.bearer(make.user()) for _ in range(8)]

    replies = at_once(*(lambda h=h: call("POST", ORGANIZATIONS, h, sent) for h in headers))

    assert statuses(replies) == [201] + [409] * 7


def test_one_name_without_a_slug_at_once_is_as_many_organizations(call, make: Factory):
    """Nobody asked for a slug, so nobody can have asked for a taken one."""
    sent = {"name": f"Race {uuid4().hex[:12]}"}
    headers = [make.bearer(make.user()) for _ in range(4)]

    replies = at_once(*(lambda h=h: call("POST", ORGANIZATIONS, h, sent) for h in headers))

    assert statuses(replies) == [201] * 4


def test_of_six_transfers_at_once_one_is_made(call, make: Factory, circle: Circle):
    """Threat 175."""
    make.change(circle.other_owner, role=Role.ADMIN)
    heirs, headers = [circle.join() for _ in range(6)], circle.as_owner
    path = circle.path("/transfer-ownership")

    replies = at_once(
        *(
            lambda heir=heir: call("POST", path, headers, {"new_owner_user_id": str(heir.user_id)})
            for heir in heirs
        )
    )

    assert statuses(replies) == [200] + [403] * 5
    assert owners_left(call, make, circle) == 1


# What somebody may still be doing when their own right to it ends.
UNDER_WAY = {
    "add": lambda c, words: (
        "POST",
        c.path("/members"),
        {"email": words["email"], "role": "guest"},
    ),
    "remove": lambda c, words: ("DELETE", c.path(f"/members/{words['user']}"), None),
    "change": lambda c, words: (
        "PATCH",
        c.path(f"/members/{words['user']}/role"),
        {"role": "guest"},
    ),
    "suspend": lambda c, words: ("POST", c.path(f"/members/{words['user']}/suspend"), None),
    "transfer": lambda c, words: (
        "POST",
        c.path("/transfer-ownership"),
        {"new_owner_user_id": words["user"]},
    ),
}


@pytest.mark.parametrize(
    ("verb", "change"),
    [(verb, change) for verb in UNDER_WAY for change in ("demoted", "suspended", "removed")],
)
def test_a_right_that_ends_while_the_act_waits_is_no_right(
    call, make: Factory, circle: Circle, verb, change
):
    """Threat 175: the role is asked again once the organization is held."""
    words = {"user": str(circle.join().user_id), "email": make.user().email}
    method, path, body = UNDER_WAY[verb](circle, words)
    actor = circle.other_owner
    headers = make.bearer(actor)
    ends = {
        "demoted": {"role": Role.MEMBER},
        "suspended": {"suspended_at": actor.created_at},
        "removed": {"deleted_at": actor.created_at},
    }

    hold = select(Organization).where(Organization.id == circle.org.id)
    with held_up(call.runtime, hold, lambda: call(method, path, headers, body)) as (db, futures):
        db.execute(update(Member).where(Member.id == actor.id).values(**ends[change]))
    reply = futures[0].result()

    assert reply.status_code in (403, 404), reply.json
    owners = owners_of(call, circle.path(), circle.as_owner)
    assert owners - {actor.user_id} == {circle.owner.user_id}


def test_who_becomes_the_owner_while_deleting_the_account_is_not_let_go(
    call, make: Factory, circle: Circle
):
    """Threat 176: an admin's account goes at the moment in which the ownership comes."""
    make.change(circle.other_owner, role=Role.ADMIN)
    heir = circle.other_owner
    headers = make.bearer(heir)

    hold = select(Organization).where(Organization.id == circle.org.id)
    with held_up(call.runtime, hold, lambda: call("DELETE", ME, headers)) as (db, futures):
        for member, role in ((circle.owner, Role.ADMIN), (heir, Role.OWNER)):
            db.execute(update(Member).where(Member.id == member.id).values(role=role))
    reply = futures[0].result()

    assert reply.status_code == 409
    assert reply.json["error"]["type"] == "USER_IS_SOLE_OWNER"
    assert owners_left(call, make, circle) == 1


def test_who_is_added_while_deleting_the_account_is_no_member_afterwards(
    call, make: Factory, circle: Circle
):
    """Threat 124: a deleted account holds no place, and breaks no list."""
    user, elsewhere = make.user(), Circle(make)
    make.member(elsewhere.org, user=user)
    headers, owner = make.bearer(user), circle.as_owner
    sent = {"email": user.email, "role": "member"}

    hold = select(Organization).where(Organization.id == elsewhere.org.id)
    acts = (
        lambda: call("DELETE", ME, headers),
        lambda: call("POST", circle.path("/members"), owner, sent),
    )
    with held_up(call.runtime, hold, *acts) as (_, futures):
        pass
    deleted, added = (future.result() for future in futures)

    assert deleted.status_code == 200
    assert added.status_code in (201, 404, 409, 503)
    listed = call("GET", circle.path("/members"), owner)
    assert listed.status_code == 200, listed.json
    assert str(user.id) not in [entry["user_id"] for entry in listed.json["data"]["members"]]


def test_nobody_creates_an_organization_with_an_account_that_is_gone(call, make: Factory):
    """The deletion holds the account; what its other session began waits, and is refused."""
    user, circle = make.user(), Circle(make)
    make.member(circle.org, user=user)
    headers, slug = make.bearer(user), f"ghost-{uuid4().hex[:12]}"

    hold = select(Organization).where(Organization.id == circle.org.id)
    acts = (
        lambda: call("DELETE", ME, headers),
        lambda: call("POST", ORGANIZATIONS, headers, {"name": "Ghost", "slug": slug}),
    )
    with held_up(call.runtime, hold, *acts) as (_, futures):
        pass
    deleted, created = (future.result() for future in futures)

    assert deleted.status_code == 200
    if created.status_code == 201:
        again = call("POST", ORGANIZATIONS, make.bearer(make.user()), {"name": "N", "slug": slug})
        assert again.status_code == 201, "The slug belongs to nobody, and nobody can have it."
