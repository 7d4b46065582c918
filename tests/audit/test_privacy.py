"""What the own view of the record tells of others (threat 177)."""

from flask.testing import FlaskClient

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


def test_one_sees_from_where_somebody_tried_to_sign_in(
    client: FlaskClient, make: Factory, address: str
):
    person = make.user()
    client.post("/api/v1/auth/login", json={"email": person.email, "password": "wrong"})

    entry = client.get(OWN, headers=make.bearer(person)).json["data"]["audit_logs"][0]

    assert (entry["action"], entry["ip_address"]) == ("auth.sign_in_refused", address)
