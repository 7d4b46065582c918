"""An operator deletes an account."""

import pytest
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from tests.audit.record import assert_recorded
from tests.factories import Factory
from tests.organizations.people import Circle

PEOPLE = "/api/v1/admin/users"


def delete(client: FlaskClient, headers: dict[str, str], user_id: object, **body: object):
    return client.post(f"{PEOPLE}/{user_id}/delete", json=body, headers=headers)


def test_everything_ends_as_if_they_had_done_it_themselves(
    client: FlaskClient, make: Factory, circle: Circle, operator: User
):
    """Threat 124."""
    user = make.user()
    member = make.member(circle.org, user=user)
    principal = make.principal(circle.org, member)
    headers = make.bearer(user)

    reply = delete(client, make.bearer(operator), user.id, confirm=True)

    assert reply.json["data"] == {
        "deleted_user_id": str(user.id),
        "deleted_user_email": user.email,
        "ssh_keys_deleted": 0,
        "certs_revoked": 0,
    }
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    entry = assert_recorded(
        client,
        reply,
        "account.deleted",
        actor=operator.id,
        target=user.id,
        resource=user.id,
        kind="operator",
    )
    assert entry.details["principals_left"] == [str(principal.id)]
    assert entry.details["organizations_left"] == [str(circle.org.id)]
    assert user.email not in str(entry.details)
    again = delete(client, make.bearer(operator), user.id, confirm=True)
    assert again.status_code == 404


@pytest.mark.parametrize("body", [{}, {"confirm": False}])
def test_it_wants_a_confirmation(client: FlaskClient, make: Factory, operator: User, body):
    user = make.user()

    reply = delete(client, make.bearer(operator), user.id, **body)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "CONFIRMATION_REQUIRED")
    assert client.get("/api/v1/auth/me", headers=make.bearer(user)).status_code == 200


@pytest.mark.parametrize("confirm", ["true", 1, None, [True]])
def test_a_confirmation_is_true_and_nothing_like_it(
    client: FlaskClient, make: Factory, operator: User, confirm
):
    reply = delete(client, make.bearer(operator), make.user().id, confirm=confirm)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")


def test_nobody_deletes_themselves_here(client: FlaskClient, make: Factory, operator: User):
    reply = delete(client, make.bearer(operator), operator.id, confirm=True)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "BAD_REQUEST")


def test_a_sole_owner_of_others_stays(client: FlaskClient, make: Factory, operator: User):
    """Threat 176."""
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    make.member(org)

    reply = delete(client, make.bearer(operator), owner.user_id, confirm=True)

    assert (reply.status_code, reply.json["error"]["type"]) == (409, "USER_IS_SOLE_OWNER")
    assert [org_["name"] for org_ in reply.json["error"]["details"]["organizations"]] == [org.name]


def test_a_deleted_operator_is_none_when_the_address_comes_back(
    client: FlaskClient, make: Factory, operator: User
):
    """Threat 123."""
    other = make.user(is_operator=True)
    delete(client, make.bearer(operator), other.id, confirm=True)

    newcomer = make.user(email=other.email)

    assert client.get(PEOPLE, headers=make.bearer(newcomer)).status_code == 403
    listed = client.application.test_cli_runner().invoke(args=["operators", "list"])
    assert other.email not in listed.output
    assert str(other.id) not in listed.output
