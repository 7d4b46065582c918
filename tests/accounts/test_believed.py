"""Where nobody is asked to verify an address, whoever registered it is believed."""

from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from tests.conftest import client_of
from tests.core.test_settings_in_production import GOOD as PRODUCTION
from tests.factories import Factory

GOOD = "zebra lantern forty-two orbit"


@pytest.fixture
def believing(make_app):
    return make_app(REQUIRE_VERIFIED_EMAIL="false")


@pytest.fixture
def registered(believing, address) -> tuple[FlaskClient, str, dict[str, str]]:
    """A client, and the address and headers of somebody who has just registered."""
    client, email = client_of(believing, address), f"user-{uuid4().hex}@example.test"
    sent = {"email": email, "password": GOOD, "password_confirm": GOOD}
    token = client.post("/api/v1/auth/register", json=sent).json["data"]["token"]
    return client, email, {"Authorization": f"Bearer {token}"}


def test_a_colleague_who_just_registered_can_be_added(registered, make: Factory):
    client, email, headers = registered
    org = make.organization()
    path = f"/api/v1/organizations/{org.id}"
    owner = make.bearer(make.member(org, Role.OWNER))

    added = client.post(f"{path}/members", json={"email": email, "role": "member"}, headers=owner)

    assert added.status_code == 201
    assert client.get(path, headers=headers).status_code == 200


def test_who_just_registered_can_invite_people(registered):
    client, email, headers = registered
    made = client.post("/api/v1/organizations", json={"name": "New"}, headers=headers)
    path = f"/api/v1/organizations/{made.json['data']['organization']['id']}/invites"
    sent = {"email": f"kim-{email}", "role": "member"}

    assert client.post(path, json=sent, headers=headers).status_code == 201


def test_an_account_that_just_registered_is_made_an_operator_as_it_is(believing, registered):
    client, email, headers = registered

    output = believing.test_cli_runner().invoke(args=["create-operator", email]).output

    assert f"{email} is an operator now." in output
    assert client.get("/api/v1/admin/users", headers=headers).status_code == 200


@pytest.mark.unit
@pytest.mark.parametrize("settings", [{"FLASK_ENV": "development"}, PRODUCTION], ids=len)
def test_nobody_has_to_unless_the_operator_says_so(settings):
    assert not read_settings(settings).require_verified_email
