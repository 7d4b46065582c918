"""A right that ends while the act waits is no right (threat 175)."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member, Organization
from tests.accounts.together import at_once, held_up
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.organizations.test_races import Caller, statuses

PEOPLE = "/api/v1/admin/users"


@pytest.fixture
def call(app: Flask, address: str) -> Caller:
    return Caller(app, address)


def test_of_two_operators_who_suspend_each_other_one_is_left(call, make: Factory, db):
    for _ in range(3):
        one, other = (make.user(is_operator=True) for _ in range(2))
        headers = make.bearer(one), make.bearer(other)

        replies = at_once(
            lambda o=other, h=headers: call("POST", f"{PEOPLE}/{o.id}/suspend", h[0]),
            lambda o=one, h=headers: call("POST", f"{PEOPLE}/{o.id}/suspend", h[1]),
        )

        assert statuses(replies) in ([200, 401], [200, 403], [200, 404])
        db.rollback()
        left = [db.get(User, user.id).status.value for user in (one, other)]
        assert sorted(left) == ["active", "suspended"]


@pytest.mark.parametrize("verb", ["suspend", "unsuspend", "delete"])
def test_an_operator_whose_right_ends_meanwhile_is_refused(call, make: Factory, verb):
    operator, victim = make.user(is_operator=True), make.user()
    headers = make.bearer(operator)
    body = {"confirm": True} if verb == "delete" else None

    hold = select(User).where(User.id == operator.id)
    act = lambda: call("POST", f"{PEOPLE}/{victim.id}/{verb}", headers, body)  # noqa: E731
    with held_up(call.runtime, hold, act) as (db, futures):
        db.execute(update(User).where(User.id == operator.id).values(is_operator=False))

    assert futures[0].result().status_code in (403, 404)
    assert call.get("/api/v1/users/me", make.bearer(victim)).status_code == 200


def test_an_admin_whose_role_ends_meanwhile_is_refused(call, make: Factory, circle: Circle):
    admin, victim = circle.join(Role.ADMIN), circle.join()
    headers = make.bearer(admin)

    hold = select(Organization).where(Organization.id == circle.org.id)
    act = lambda: call("POST", f"{PEOPLE}/{victim.user_id}/suspend", headers)  # noqa: E731
    with held_up(call.runtime, hold, act) as (db, futures):
        db.execute(update(Member).where(Member.id == admin.id).values(role=Role.MEMBER))

    assert futures[0].result().status_code == 403
    assert call.get(circle.path(), make.bearer(victim)).status_code == 200
