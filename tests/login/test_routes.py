"""Coming in and going out, over HTTP."""

from flask.testing import FlaskClient

from tests.factories import PASSWORD, Factory

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


def test_a_right_password_opens_a_session(client: FlaskClient, make: Factory):
    user = make.user()

    reply = client.post(LOGIN, json={"email": user.email, "password": PASSWORD})

    assert reply.status_code == 200
    token = reply.json["data"]["token"]
    me = client.get(ME, headers={"Authorization": f"Bearer {token}"})
    assert me.json["data"]["user"]["id"] == str(user.id)


def test_a_wrong_password_and_an_unknown_address_look_alike(client: FlaskClient, make: Factory):
    user = make.user()

    wrong = client.post(LOGIN, json={"email": user.email, "password": "wrong"})
    unknown = client.post(LOGIN, json={"email": "nobody@example.test", "password": "wrong"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json["error"] == unknown.json["error"]
    assert wrong.json["message"] == unknown.json["message"]


def test_signing_out_ends_the_session_at_once(client: FlaskClient, make: Factory):
    headers = make.bearer(make.user())
    assert client.get(ME, headers=headers).status_code == 200

    assert client.post("/api/v1/auth/logout", headers=headers).status_code == 200

    assert client.get(ME, headers=headers).status_code == 401


def test_a_client_is_told_the_token_that_it_sent(client, make):
    headers = make.bearer(make.user())

    reply = client.get("/api/v1/auth/token?redirect=https://evil.example", headers=headers)

    assert (reply.status_code, "Location" in reply.headers) == (200, False)
    assert headers["Authorization"] == f"Bearer {reply.json['data']['token']}"
