"""What the own view of the record tells of others (threat 177)."""

from flask.testing import FlaskClient
from sqlalchemy import event

from gatehouse.core.roles import Role
from tests.factories import Factory

OWN = "/api/v1/auth/audit-logs"


def test_a_member_sees_who_acted_but_not_their_address_or_network(
    client: FlaskClient, make: Factory
):
    org = make.organization()
    admin = make.member(org, Role.ADMIN, user=make.user(full_name="Ada Admin"))
    person = make.user()
    path = f"/api/v1/organizations/{org.id}/members"
    client.post(path, json={"email": person.email, "role": "member"}, headers=make.bearer(admin))

    entry = client.get(OWN, headers=make.bearer(person)).json["data"]["audit_logs"][0]

    assert entry["action"] == "member.added"
    assert entry["user_id"] == str(admin.user_id)
    assert entry["user"] == {"id": str(admin.user_id), "email": None, "full_name": "Ada Admin"}
    assert (entry["user_email"], entry["ip_address"], entry["user_agent"]) == (None, None, None)
    assert entry["target_user"]["email"] == person.email


def test_what_is_withheld_cannot_be_searched_for_either(
    client: FlaskClient, make: Factory, address: str
):
    """Threat 177: to guess a part and see whether there is an answer is to read."""
    org = make.organization()
    admin, person = make.member(org, Role.ADMIN), make.user()
    headers = make.bearer(admin)
    path = f"/api/v1/organizations/{org.id}"
    sent = {"email": person.email, "role": "member"}
    client.post(f"{path}/members", json=sent, headers=headers)

    def found(at: str, q: str, headers: dict[str, str]) -> int:
        reply = client.get(at, query_string={"q": q, "action": "member."}, headers=headers)
        return len(reply.json["data"]["audit_logs"])

    for at in (OWN, "/api/v1/audit-logs"):
        by_q = {q: found(at, q, make.bearer(person)) for q in (address, "tests/1", "member.added")}
        assert by_q == {address: 0, "tests/1": 0, "member.added": 1}
    for at in (OWN, "/api/v1/audit-logs", f"{path}/audit-logs"):
        assert found(at, address, headers) == found(at, "tests/1", headers) == 1


def test_one_sees_from_where_somebody_tried_to_sign_in(
    client: FlaskClient, make: Factory, address: str
):
    person = make.user()
    client.post("/api/v1/auth/login", json={"email": person.email, "password": "wrong"})

    entry = client.get(OWN, headers=make.bearer(person)).json["data"]["audit_logs"][0]

    assert (entry["action"], entry["ip_address"]) == ("auth.sign_in_refused", address)


def of_organization(client: FlaskClient, org, headers: dict[str, str]) -> list[dict]:
    path = f"/api/v1/organizations/{org.id}/audit-logs"
    return client.get(path, headers=headers).json["data"]["audit_logs"]


def test_who_has_left_an_organization_is_not_followed_any_further(
    client: FlaskClient, make: Factory, address: str
):
    """Their acts stay on its record, with the network; later names and addresses do not come in."""
    org = make.organization()
    owner = make.member(org, Role.OWNER, user=make.user(full_name="Olga"))
    person = make.user(full_name="Ada Before")
    admin = make.member(org, Role.ADMIN, user=person)
    at = f"/api/v1/organizations/{org.id}"
    client.patch(at, json={"name": "By Ada"}, headers=make.bearer(admin))
    client.delete(f"{at}/members/{person.id}", headers=make.bearer(owner))
    client.patch("/api/v1/users/me", json={"full_name": "Ada After"}, headers=make.bearer(person))

    removed, changed = of_organization(client, org, make.bearer(owner))

    assert changed["user"] == {"id": str(person.id), "email": None, "full_name": "Former member"}
    assert removed["target_user"] == changed["user"]
    assert (changed["user_email"], changed["user_id"]) == (None, str(person.id))
    assert (changed["ip_address"], changed["user_agent"]) == (address, "tests/1.0")
    assert removed["user"]["full_name"] == "Olga"
    own = client.get(OWN, headers=make.bearer(owner)).json["data"]["audit_logs"]
    assert own[0]["target_user"] == changed["user"]


def test_who_has_left_still_reads_their_own_name_and_who_removed_them(
    client: FlaskClient, make: Factory
):
    org = make.organization()
    owner = make.member(org, Role.OWNER, user=make.user(full_name="Olga"))
    person = make.user(full_name="Ada")
    make.member(org, user=person)
    client.delete(f"/api/v1/organizations/{org.id}/members/{person.id}", headers=make.bearer(owner))

    entry = client.get(OWN, headers=make.bearer(person)).json["data"]["audit_logs"][0]

    assert entry["target_user"]["full_name"] == "Ada"
    assert entry["user"] == {"id": str(owner.user_id), "email": None, "full_name": "Olga"}


def test_suspended_members_are_members(client: FlaskClient, make: Factory):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    person = make.user(full_name="Ada")
    make.member(org, user=person)
    path = f"/api/v1/organizations/{org.id}/members/{person.id}/suspend"
    client.post(path, headers=make.bearer(owner))

    assert of_organization(client, org, make.bearer(owner))[0]["target_user"]["full_name"] == "Ada"


def test_being_a_member_elsewhere_tells_nothing_here(client: FlaskClient, make: Factory):
    org, other = make.organization(), make.organization()
    owner = make.member(org, Role.OWNER)
    make.member(other, Role.OWNER, user=make.user())
    person = make.user(full_name="Ada")
    make.member(org, user=person)
    make.member(other, user=person)
    path = f"/api/v1/organizations/{org.id}/members/{person.id}"
    client.delete(path, headers=make.bearer(owner))

    said = of_organization(client, org, make.bearer(owner))[0]["target_user"]

    assert said["full_name"] == "Former member"


def test_reading_a_page_takes_the_same_queries_for_few_people_as_for_many(
    client: FlaskClient, make: Factory
):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    headers = make.bearer(owner)
    counts = []
    for _ in range(2):
        for person in [make.user() for _ in range(3)]:
            sent = {"email": person.email, "role": "member"}
            client.post(f"/api/v1/organizations/{org.id}/members", json=sent, headers=headers)
        counts.append(queries_of(client, lambda: of_organization(client, org, headers)))

    assert counts[0] == counts[1]


def queries_of(client: FlaskClient, act) -> int:
    engine, seen = client.application.extensions["gatehouse"].engine, []

    def note(*arguments) -> None:
        seen.append(arguments)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)
