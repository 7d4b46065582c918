"""Which principals a person may use, and how it is told."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import AccountStatus
from gatehouse.core.context import Context
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.principals.queries import effective_principals
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

OWN = "/api/v1/users/me/principals"
MEMBERSHIPS = "/api/v1/users/me/memberships"


def names(ctx: Context, circle: Circle, user_id) -> list[str]:
    return [usable.principal.name for usable in effective_principals(ctx, circle.org.id, user_id)]


def test_directly_and_through_departments_each_once(make: Factory, circle: Circle, ctx: Context):
    member = circle.join()
    ops = make.department(circle.org, member, name="Ops")
    eng = make.department(circle.org, member, name="Engineering")
    make.principal(circle.org, member, ops, eng, name="both")
    make.principal(circle.org, member, name="direct")
    make.principal(circle.org, eng, name="through")
    make.principal(circle.org, circle.owner, make.department(circle.org), name="theirs")

    found = effective_principals(ctx, circle.org.id, member.user_id)

    told = [(u.principal.name, u.direct, [way.name for way in u.via_departments]) for u in found]
    assert told == [
        ("both", True, ["Engineering", "Ops"]),
        ("direct", True, []),
        ("through", False, ["Engineering"]),
    ]
    assert [u.via_department for u in found] == ["Engineering", None, "Engineering"]


@pytest.mark.parametrize(
    ("place", "may"),
    [
        ({"role": Role.OWNER}, True),
        ({"role": Role.ADMIN}, True),
        ({"role": Role.MEMBER}, True),
        ({"role": Role.GUEST}, False),
        ({"role": Role.ADMIN, "suspended_at": datetime.now(UTC)}, False),
        ({"role": Role.ADMIN, "deleted_at": datetime.now(UTC)}, False),
    ],
)
def test_only_present_unsuspended_members_who_are_no_guests(
    make: Factory, circle: Circle, ctx: Context, place, may
):
    """Even where a place were left over."""
    member = make.member(circle.org, **place)
    department = make.department(circle.org, member)
    make.principal(circle.org, member, name="direct")
    make.principal(circle.org, department, name="through")

    assert names(ctx, circle, member.user_id) == (["direct", "through"] if may else [])


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.INACTIVE])
def test_an_account_that_may_not_sign_in_uses_nothing(
    make: Factory, circle: Circle, ctx: Context, status
):
    user = make.user(status=status)
    make.principal(circle.org, make.member(circle.org, user=user))

    assert names(ctx, circle, user.id) == []


def test_nothing_leads_into_another_organization(make: Factory, circle: Circle, ctx: Context):
    """Threat 170."""
    user, elsewhere = make.user(), Circle(make)
    make.principal(circle.org, make.member(circle.org, user=user), name="here")
    make.principal(elsewhere.org, make.member(elsewhere.org, user=user), name="there")

    assert names(ctx, circle, user.id) == ["here"]
    assert names(ctx, elsewhere, user.id) == ["there"]


def test_a_suspension_takes_them_at_once_and_gives_them_back(
    client: FlaskClient, make: Factory, circle: Circle
):
    """Threat 181, ruling 18."""
    member = circle.join()
    make.principal(circle.org, member, name="deploy")
    headers = make.bearer(member)
    path = circle.path(f"/members/{member.user_id}")

    def usable():
        orgs = client.get(OWN, headers=headers).json["data"]["orgs"]
        return [p["name"] for org in orgs for p in org["my_principals"]]

    seen = [usable()]
    for verb in ("suspend", "unsuspend"):
        client.post(f"{path}/{verb}", headers=circle.as_owner)
        seen.append(usable())

    assert seen == [["deploy"], [], ["deploy"]]


def test_own_principals_name_all_there_is_to_admins_only(
    client: FlaskClient, make: Factory, circle: Circle
):
    user, elsewhere, visited = make.user(), Circle(make), Circle(make)
    admin = make.member(circle.org, Role.ADMIN, user=user)
    member = make.member(elsewhere.org, user=user)
    make.member(visited.org, Role.GUEST, user=user)
    mine = make.principal(circle.org, admin, name="mine", description="D")
    make.principal(circle.org, name="other")
    make.principal(elsewhere.org, make.department(elsewhere.org, member, name="Ops"), name="ops")
    make.principal(elsewhere.org, name="hidden")
    make.principal(visited.org, name="hidden")

    data = client.get(OWN, headers=make.bearer(user)).json["data"]

    assert data["count"] == 3
    by_org = {org["org_id"]: org for org in data["orgs"]}
    here, there, guest = (by_org[str(c.org.id)] for c in (circle, elsewhere, visited))
    assert set(here) == {
        "org_id",
        "org_name",
        "role",
        "is_admin",
        "my_principals",
        "all_principals",
    }
    assert (here["is_admin"], here["role"], here["org_name"]) == (True, "admin", circle.org.name)
    [shown] = here["my_principals"]
    assert shown == {
        "id": str(mine.id),
        "name": "mine",
        "description": "D",
        "direct": True,
        "via_department": None,
        "via_departments": [],
    }
    assert [p["name"] for p in here["all_principals"]] == ["mine", "other"]
    assert (there["is_admin"], there["all_principals"]) == (False, [])
    assert [(p["name"], p["via_department"]) for p in there["my_principals"]] == [("ops", "Ops")]
    assert (guest["role"], guest["my_principals"], guest["all_principals"]) == ("guest", [], [])


def test_own_memberships_tell_departments_and_why_a_principal_is_open(
    client: FlaskClient, make: Factory, circle: Circle
):
    user, barred = make.user(), Circle(make)
    member = make.member(circle.org, user=user)
    ops = make.department(circle.org, member, name="Ops")
    make.department(circle.org)
    make.principal(circle.org, ops, name="dba")
    make.member(barred.org, user=user, suspended_at=datetime.now(UTC))

    [org] = client.get(MEMBERSHIPS, headers=make.bearer(user)).json["data"]["orgs"]

    assert (org["org_id"], org["role"]) == (str(circle.org.id), "member")
    assert org["departments"] == [{"id": str(ops.id), "name": "Ops"}]
    [principal] = org["principals"]
    assert (principal["name"], principal["direct"], principal["via_department"]) == (
        "dba",
        False,
        "Ops",
    )
    assert principal["via_departments"] == [{"id": str(ops.id), "name": "Ops"}]


@pytest.mark.parametrize("path", [OWN, MEMBERSHIPS])
def test_many_organizations_cost_as_many_statements_as_one(
    client: FlaskClient, make: Factory, runtime: Runtime, path
):
    user = make.user()
    headers = make.bearer(user)

    def join_one() -> None:
        org = make.organization()
        member = make.member(org, Role.ADMIN, user=user)
        make.principal(org, member, make.department(org, member))

    def cost() -> int:
        with statements_of(runtime) as statements:
            assert client.get(path, headers=headers).status_code == 200
        return len(statements)

    join_one()
    client.get(path, headers=headers)
    few = cost()
    for _ in range(6):
        join_one()

    assert cost() == few <= 9


def test_somebody_without_an_organization_is_told_nothing(client: FlaskClient, make: Factory):
    for path in (OWN, MEMBERSHIPS):
        data = client.get(path, headers=make.bearer(make.user())).json["data"]
        assert (data["orgs"], data["count"]) == ([], 0)


def test_an_export_tells_departments_and_principals(
    client: FlaskClient, make: Factory, circle: Circle
):
    member = circle.join()
    make.department(circle.org, member, name="Ops")
    make.principal(circle.org, member, name="dba")
    make.principal(circle.org, circle.owner, make.department(circle.org, circle.owner))

    reply = client.get("/api/v1/users/me/export", headers=make.bearer(member))

    export = reply.json["data"]["export"]
    assert [department["name"] for department in export["departments"]] == ["Ops"]
    assert [principal["name"] for principal in export["principals"]] == ["dba"]
