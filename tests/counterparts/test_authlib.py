"""Authlib's client for Flask, as its documentation has it.

CORE-01 to 06, CORE-42, RT-01, INTR-01, REV-01.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, jsonify, url_for

from tests.counterparts.conftest import Provider
from tests.relying import SECRET

pytestmark = [pytest.mark.integration, pytest.mark.slow]
HOME = "http://localhost:9"
SCOPE = "openid profile email offline_access"


@pytest.fixture(autouse=True)
def over_plain_http(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def application(provider: Provider, method: str) -> Flask:
    """An application of somebody else."""
    client = provider.client(redirect_uris=[f"{HOME}/callback"], token_endpoint_auth_method=method)
    app = Flask("application")
    app.secret_key = "a secret of the application"
    oauth = OAuth(app)
    oauth.register(
        "gatehouse",
        client_id=client.client_id,
        client_secret=None if method == "none" else SECRET,
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": SCOPE,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": method,
        },
    )

    @app.get("/login")
    def login() -> Any:
        return oauth.gatehouse.authorize_redirect(url_for("callback", _external=True))

    @app.get("/callback")
    def callback() -> Any:
        token = oauth.gatehouse.authorize_access_token()
        return jsonify(token=token, userinfo=oauth.gatehouse.userinfo(token=token))

    return app


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_an_application_in_flask_signs_a_person_in(provider: Provider, method: str):
    app, visitor = application(provider, method), provider.visitor()
    browser = app.test_client()

    begun = browser.get("/login", base_url=HOME)
    came = urlsplit(visitor.go_through(begun.headers["Location"]))
    done = browser.get(f"{came.path}?{came.query}", base_url=HOME)

    assert done.status_code == 200, done.text
    found = done.json
    assert found["userinfo"]["email"] == visitor.email
    assert found["token"]["userinfo"]["sub"] == found["userinfo"]["sub"]
    assert found["token"]["userinfo"]["nonce"]


@pytest.fixture
def session(provider: Provider) -> Iterator[OAuth2Session]:
    client = provider.client()
    session = OAuth2Session(
        client.client_id,
        SECRET,
        scope=SCOPE,
        redirect_uri=client.settings["redirect_uris"][0],
        code_challenge_method="S256",
    )
    with session:
        yield session


def test_a_script_signs_a_person_in_refreshes_asks_and_ends(
    provider: Provider, session: OAuth2Session
):
    said, verifier = provider.announced, "v" * 64
    url, state = session.create_authorization_url(
        said["authorization_endpoint"], code_verifier=verifier
    )

    came = provider.visitor().go_through(url)
    first = session.fetch_token(
        said["token_endpoint"], authorization_response=came, state=state, code_verifier=verifier
    )
    second = session.refresh_token(said["token_endpoint"])
    asked = session.introspect_token(said["introspection_endpoint"], second["access_token"])
    ended = session.revoke_token(said["revocation_endpoint"], second["refresh_token"])
    after = session.introspect_token(said["introspection_endpoint"], second["access_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert asked.json()["active"] is True
    assert ended.status_code == 200
    assert after.json() == {"active": False}
