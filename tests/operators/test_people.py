"""Listing and reading people: all of them, or those in one's care."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.factories import Factory
from tests.organizations.people import Circle
from tests.statements import statements_of

PEOPLE = "/api/v1/admin/users"
OF_THE_ACCOUNT = {
    "email_verified",
    "activated",
    "is_operator",
    "last_login_at",
    "created_at",
    "updated_at",
}
FIELDS = {"id", "email", "full_name", "avatar_url", "status", *OF_THE_ACCOUNT}


def listed(client: FlaskClient, headers: dict[str, str], query: str = "") -> list[dict]:
    reply = client.get(f"{PEOPLE}?per_page=200&{query}", headers=headers)
    assert reply.status_code == 200, reply.json
    return reply.json["data"]["users"]


def test_an_operator_finds_any_account(client: FlaskClient, make: Factory, operator: User):
    word = uuid4().hex[:12]
    by_name, by_email = make.user(full_name=f"Kim {word}"), make.user(email=f"{word}@example.test")
    make.user()

    found = listed(client, make.bearer(operator), f"q={word.upper()}")

    assert [user["id"] for user in found] == [str(by_email.id), str(by_name.id)]
    assert set(found[0]) == FIELDS | {"org_id", "org_role"}
    assert (found[0]["org_id"], found[0]["org_role"]) == (None, None)
    assert (found[0]["status"], found[0]["is_operator"]) == ("active", False)
    assert found[0]["created_at"] is not None


@pytest.mark.parametrize("q", ["%", "_", "\\", "' OR 1=1"])
def test_text_is_literal(client: FlaskClient, make: Factory, operator: User, q):
    """Threat 200."""
    email = f"{uuid4().hex}@example.test"
    make.user(email=email)

    found = client.get(PEOPLE, query_string={"q": f"{email[:8]}{q}"}, headers=make.bearer(operator))

    assert found.json["data"]["users"] == []


@pytest.mark.parametrize("kind", ["owner", "admin"])
def test_an_admin_sees_the_people_of_the_organizations_they_administer(
    client: FlaskClient, make: Factory, circle: Circle, kind
):
    """Threats 169 and 177: and nothing of the account itself."""
    caller = make.user()
    make.member(circle.org, Role(kind), user=caller)
    elsewhere, visited = make.organization(), make.organization()
    make.member(visited, Role.MEMBER, user=caller)
    make.member(visited)
    both = make.user(last_login_at=datetime.now(UTC))
    make.member(circle.org, Role.GUEST, user=both)
    make.member(elsewhere, Role.MEMBER, user=both)

    found = listed(client, make.bearer(caller))

    assert {user["org_id"] for user in found} == {str(circle.org.id)}
    by_id = {user["id"]: user for user in found}
    owners = {str(circle.owner.user_id), str(circle.other_owner.user_id)}
    assert set(by_id) == owners | {str(both.id), str(caller.id)}
    shown = by_id[str(both.id)]
    assert (shown["email"], shown["org_role"], shown["status"]) == (both.email, "guest", "active")
    assert {shown[name] for name in OF_THE_ACCOUNT} == {None}


def test_a_person_stands_once_for_each_organization(client: FlaskClient, make: Factory):
    boss, worker = make.user(), make.user()
    orgs = [make.organization() for _ in range(2)]
    for org in orgs:
        make.member(org, Role.ADMIN, user=boss)
        make.member(org, Role.MEMBER, user=worker)

    found = listed(client, make.bearer(boss), f"q={worker.email}")

    assert [user["org_id"] for user in found] == [str(orgs[1].id), str(orgs[0].id)]


def test_where_one_is_barred_or_no_admin_one_sees_nobody(client: FlaskClient, make: Factory):
    boss, barred, plain = make.user(), make.organization(), make.organization()
    make.member(barred, Role.OWNER, user=boss, suspended_at=datetime.now(UTC))
    make.member(plain, Role.MEMBER, user=boss)
    mine = make.organization()
    make.member(mine, Role.ADMIN, user=boss)
    for org in (barred, plain):
        make.member(org)

    assert {user["org_id"] for user in listed(client, make.bearer(boss))} == {str(mine.id)}


def test_the_list_comes_in_pages_and_leads_on(client: FlaskClient, circle: Circle):
    headers = circle.headers("admin")

    first = client.get(f"{PEOPLE}?per_page=2", headers=headers).json
    cursor = first["meta"]["next_cursor"]
    second = client.get(f"{PEOPLE}?per_page=2&cursor={cursor}", headers=headers).json

    ids = [user["id"] for page in (first, second) for user in page["data"]["users"]]
    assert first["data"]["count"] == 3
    assert len(set(ids)) == len(ids) == 3


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_many_cost_as_many_statements_as_few(
    client: FlaskClient, make: Factory, circle: Circle, operator: User, runtime: Runtime, who
):
    headers = make.bearer(operator) if who == "operator" else circle.headers("admin")

    def cost() -> int:
        with statements_of(runtime) as statements:
            listed(client, headers)
        return len(statements)

    cost()
    few = cost()
    for _ in range(15):
        circle.join()

    # One more where the page is full: then the whole is counted.
    assert cost() <= few + 1 <= 8


def test_an_operator_reads_an_account_with_its_organizations(
    client: FlaskClient, make: Factory, circle: Circle, operator: User
):
    user = make.user()
    make.member(circle.org, Role.GUEST, user=user, suspended_at=datetime.now(UTC))

    data = client.get(f"{PEOPLE}/{user.id}", headers=make.bearer(operator)).json["data"]

    assert set(data["user"]) == FIELDS
    assert (data["user"]["email"], data["user"]["status"]) == (user.email, "active")
    assert data["organizations"] == [
        {
            "org_id": str(circle.org.id),
            "org_name": circle.org.name,
            "role": "guest",
            "is_suspended": True,
        }
    ]


def test_an_admin_reads_only_what_is_shared(client: FlaskClient, make: Factory, circle: Circle):
    """Threat 177."""
    user = make.user()
    make.member(circle.org, user=user)
    make.member(make.organization(), Role.OWNER, user=user)

    data = client.get(f"{PEOPLE}/{user.id}", headers=circle.headers("admin")).json["data"]

    assert [place["org_id"] for place in data["organizations"]] == [str(circle.org.id)]
    assert {data["user"][name] for name in OF_THE_ACCOUNT} == {None}


def test_a_deleted_account_is_not_found(client: FlaskClient, make: Factory, operator: User):
    gone = make.user()
    client.delete("/api/v1/users/me", headers=make.bearer(gone))

    headers = make.bearer(operator)

    assert client.get(f"{PEOPLE}/{gone.id}", headers=headers).status_code == 404
    assert listed(client, headers, f"q={gone.email}") == []


@pytest.mark.parametrize("query", ["page=0", "per_page=201", "cursor=x", "q=" + "x" * 101])
def test_a_bad_query_is_named(client: FlaskClient, make: Factory, operator: User, query):
    reply = client.get(f"{PEOPLE}?{query}", headers=make.bearer(operator))

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {query.split("=")[0]}
