"""What a person let applications do, and taking it back (threats 33, 181; CORE-20)."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from tests.conftest import client_of
from tests.factories import Factory
from tests.relying import Person, Rp, answer_of, make_client

HERE = "/api/v1/users/me/consents"


@pytest.fixture
def user(make: Factory) -> User:
    return make.user(full_name="Kim Example")


@pytest.fixture
def person(open_app: Flask, user: User, address: str) -> Person:
    return Person(open_app, user.email, REMOTE_ADDR=address)


@pytest.fixture
def rp(open_app: Flask, runtime: Any, address: str) -> Rp:
    return Rp(open_app, make_client(runtime), address)


def bearer_of(make: Factory, user: User) -> dict[str, str]:
    return make.bearer(user)


def test_a_person_sees_what_applications_may_do(
    client: FlaskClient, make: Factory, user: User, person: Person, rp: Rp
):
    person.tokens_for(rp, scope="openid email offline_access")

    answer = client.get(HERE, headers=make.bearer(user)).json["data"]

    (one,) = answer["consents"]
    assert answer["count"] == 1
    assert (one["client"], one["client_id"]) == ("Test App", rp.client_id)
    assert one["scopes"] == ["openid", "email", "offline_access"]
    assert one["last_used_at"] >= one["created_at"]
    assert one["organization"] is None


def test_what_is_taken_back_ends_at_once(
    client: FlaskClient, make: Factory, user: User, person: Person, rp: Rp
):
    tokens = person.tokens_for(rp, scope="openid offline_access")
    code = person.code_for(rp, scope="openid")
    headers = make.bearer(user)
    (one,) = client.get(HERE, headers=headers).json["data"]["consents"]

    assert client.delete(f"{HERE}/{one['id']}", headers=headers).status_code == 200

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.introspect(tokens["access_token"]).json == {"active": False}
    assert rp.introspect(tokens["refresh_token"]).json == {"active": False}
    assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert rp.redeem(code).json["error"] == "invalid_grant"
    silent = person.open(rp.url(prompt="none"))
    assert answer_of(silent.headers["Location"])["error"] == "consent_required"
    assert client.get(HERE, headers=headers).json["data"]["consents"] == []
    assert client.delete(f"{HERE}/{one['id']}", headers=headers).status_code == 404


def test_nobody_takes_back_what_is_anothers(
    client: FlaskClient, make: Factory, user: User, person: Person, rp: Rp
):
    tokens = person.tokens_for(rp)
    (one,) = client.get(HERE, headers=make.bearer(user)).json["data"]["consents"]

    answer = client.delete(f"{HERE}/{one['id']}", headers=make.bearer(make.user()))

    assert answer.status_code == 404
    assert rp.userinfo(tokens["access_token"]).status_code == 200


def test_the_page_shows_applications_and_takes_them_back(person: Person, rp: Rp):
    tokens = person.tokens_for(rp, scope="openid email")
    start = person.open("/")
    assert 'href="/applications"' in start.text

    page = person.open("/applications")

    assert "Test App" in page.text
    assert "See your e-mail address" in page.text
    action = page.text.split('action="/applications/')[1].split('"')[0]
    after = person.post(f"/applications/{action}", page)
    assert "has no access any more" in after.text
    assert "Test App" not in after.text
    assert rp.userinfo(tokens["access_token"]).status_code == 401


def test_the_page_needs_somebody_signed_in(app: Flask, address: str):
    answer = client_of(app, address).get("/applications", headers={"Accept": "text/html"})

    assert answer.status_code == 303
    assert "/login" in answer.headers["Location"]
