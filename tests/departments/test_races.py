"""Two at the same moment: one name, one place, and none for whoever is being removed."""

import pytest
from flask import Flask
from sqlalchemy import select

from gatehouse.organizations.models import Organization
from tests.accounts.together import at_once, held_up
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.organizations.test_races import Caller, statuses


@pytest.fixture
def call(app: Flask, address: str) -> Caller:
    return Caller(app, address)


@pytest.mark.parametrize("kind", ["departments", "principals"])
def test_one_name_asked_for_at_once_is_given_once(call, circle: Circle, kind):
    headers = circle.as_owner

    replies = at_once(
        *(lambda: call("POST", circle.path(f"/{kind}"), headers, {"name": "ops"}) for _ in range(6))
    )

    assert statuses(replies) == [201] + [409] * 5
    assert call.get(circle.path(f"/{kind}"), headers).json["data"]["count"] == 1


@pytest.mark.parametrize("kind", ["department", "principal"])
def test_of_two_who_add_the_same_member_one_is_told_so(call, make: Factory, circle: Circle, kind):
    member, headers = circle.join(), circle.as_owner
    thing = getattr(make, kind)(circle.org)
    path = circle.path(f"/{kind}s/{thing.id}/members")
    sent = {"user_id": str(member.user_id)}

    replies = at_once(*(lambda: call("POST", path, headers, sent) for _ in range(2)))

    assert statuses(replies) == [201, 409]
    assert call.get(path, headers).json["data"]["count"] == 1


def test_of_two_who_open_a_principal_to_a_department_one_is_told_so(
    call, make: Factory, circle: Circle
):
    department, principal = make.department(circle.org), make.principal(circle.org)
    path = circle.path(f"/principals/{principal.id}/departments/{department.id}")
    headers = circle.as_owner

    replies = at_once(*(lambda: call("POST", path, headers) for _ in range(2)))

    assert statuses(replies) == [201, 409]


@pytest.mark.parametrize("kind", ["department", "principal"])
@pytest.mark.parametrize("way", ["removed", "deleted"])
def test_who_is_added_while_going_holds_nothing_afterwards(
    call, make: Factory, circle: Circle, kind, way
):
    """Threat 181: whichever comes first, no place outlives the membership."""
    user = make.user()
    member = make.member(circle.org, user=user)
    thing = getattr(make, kind)(circle.org)
    path = circle.path(f"/{kind}s/{thing.id}/members")
    owner, own = circle.as_owner, make.bearer(user)
    go = {
        "removed": lambda: call("DELETE", circle.path(f"/members/{member.user_id}"), owner),
        "deleted": lambda: call("DELETE", "/api/v1/users/me", own),
    }[way]
    add = lambda: call("POST", path, owner, {"user_id": str(user.id)})  # noqa: E731

    hold = select(Organization).where(Organization.id == circle.org.id)
    with held_up(call.runtime, hold, add, go) as (_, futures):
        pass
    added, gone = (future.result() for future in futures)

    assert gone.status_code == 200
    assert added.status_code in (201, 404)
    assert call.get(path, owner).json["data"]["count"] == 0
    if way == "removed":
        sent = {"email": user.email, "role": "member"}
        assert call("POST", circle.path("/members"), owner, sent).status_code == 201
        assert call.get(path, owner).json["data"]["count"] == 0
