"""An application for tests, and the browser of somebody who signs in through the real pages."""

import re
import warnings
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson
from flask import Flask
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

from gatehouse.clients.models import Client
from gatehouse.clients.rules import sha256_of
from gatehouse.clients.service.naming import take_names
from gatehouse.clients.service.writing import add_client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from tests.factories import PASSWORD

REDIRECT = "https://app.example.com/callback"
ISSUER = "http://localhost:5000"
OURS = {"Origin": ISSUER, "Accept": "text/html"}
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
TERMS = re.compile(r'name="terms" value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
SECRET = "gcs_of_a_test_that_is_long_enough"
ALL = ("openid", "profile", "email", "roles", "groups", "organizations", "offline_access")
DEFAULTS: dict[str, Any] = {
    "redirect_uris": [REDIRECT],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": list(ALL),
    "rate_limit": "100000/second",
}


def make_client(runtime: Runtime, org: Any = None, **settings: Any) -> Client:
    """A client with SECRET, of an organization or of nobody; ``fields`` are columns of its row."""
    fields = settings.pop("fields", {})
    chosen = {**DEFAULTS, **({} if org else {"access_policy": "everyone"}), **settings}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    stored = {"id": "1", "hash": sha256_of(SECRET), "expires_at": None}
    is_public = chosen.get("token_endpoint_auth_method") == "none"
    with unit_of_work(runtime, Origin("test")) as ctx:
        client = add_client(
            ctx,
            org_id=org.id if org else None,
            name=fields.pop("name", "Test App"),
            settings=chosen,
            secrets=() if is_public else (stored,),
            **fields,
        )
        take_names(ctx, client)
        return client


def serve(runtime: Runtime, rp: Any, audience: str) -> None:
    """Make the client of an application the server of a resource."""
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = ctx.db.get_one(Client, rp.client.id)
        audiences = [*row.settings.get("audiences", ()), audience]
        row.settings = {**row.settings, "audiences": audiences}
        take_names(ctx, row)


def basic(client_id: str, secret: str = SECRET) -> dict[str, str]:
    text = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


def s256(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def answer_of(location: str) -> dict[str, str]:
    """What an address that a browser is led to brings along, in query or fragment."""
    parts = urlsplit(location)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


class Rp:
    """A relying party: it builds requests, redeems codes and checks tokens as applications do."""

    def __init__(self, app: Flask, client: Client, address: str = "127.0.0.1") -> None:
        self.app = app
        self.client = client
        self.client_id = client.client_id
        self.is_public = client.settings.get("token_endpoint_auth_method") == "none"
        self.verifier = token_urlsafe(48)
        self.http = app.test_client()
        self.http.environ_base = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": "rp/1.0"}

    def request(self, **params: Any) -> dict[str, Any]:
        """The parameters of a usual request; ``None`` leaves one out."""
        usual = {
            "client_id": self.client_id,
            "redirect_uri": self.client.settings.get("redirect_uris", [REDIRECT])[0],
            "response_type": "code",
            "scope": "openid",
            "state": "some state",
            "nonce": "some nonce",
            "code_challenge": s256(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**usual, **params}.items() if value is not None}

    def url(self, **params: Any) -> str:
        return f"/oidc/authorize?{urlencode(self.request(**params), doseq=True)}"

    def token(self, **sent: Any) -> Any:
        """Call the token endpoint with the client's own proof."""
        headers = sent.pop("headers", {})
        if self.is_public:
            sent.setdefault("client_id", self.client_id)
        else:
            headers = {**basic(self.client_id), **headers}
        data = {name: value for name, value in sent.items() if value is not None}
        return self.http.post("/oidc/token", data=data, headers=headers)

    def redeem(self, code: str, **sent: Any) -> Any:
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.request()["redirect_uri"],
            "code_verifier": self.verifier,
        }
        return self.token(**{**usual, **sent})

    def refresh(self, token: str, **sent: Any) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=token, **sent)

    def userinfo(self, token: str) -> Any:
        return self.http.get("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"})

    def introspect(self, token: str) -> Any:
        headers = basic(self.client_id)
        return self.http.post("/oidc/introspect", data={"token": token}, headers=headers)

    def revoke(self, token: str, **sent: Any) -> Any:
        if self.is_public:
            sent = {"client_id": self.client_id, **sent}
            return self.http.post("/oidc/revoke", data={"token": token, **sent})
        headers = basic(self.client_id)
        return self.http.post("/oidc/revoke", data={"token": token, **sent}, headers=headers)

    def keys(self) -> KeySet:
        return KeySet.import_key_set(self.http.get("/oidc/jwks").json)

    def read(self, token: str) -> Any:
        """The header and claims of a token whose signature one of the published keys made."""
        algorithms = ["RS256", "ES256", "EdDSA"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of the name EdDSA
            return jwt.decode(token, self.keys(), algorithms=algorithms)


class Person:
    """A browser, and whoever sits before it."""

    def __init__(self, app: Flask, email: str, password: str = PASSWORD, **base: str) -> None:
        self.email, self.password = email, password
        self.http = app.test_client()
        self.http.environ_base = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "b/1", **base}

    def open(self, url: str) -> Any:
        """Open an address and follow our own redirects; stops at a page, or at somebody else's."""
        return self._followed(self.http.get(url, headers={"Accept": "text/html"}))

    def post(self, path: str, page: Any, **fields: str) -> Any:
        """Send the form of a page, with what it hides."""
        hidden = dict(HIDDEN.findall(page.text))
        answer = self.http.post(path, data={**hidden, **fields}, headers=OURS)
        return self._followed(answer)

    def _followed(self, answer: Any) -> Any:
        for _ in range(8):
            location = answer.headers.get("Location", "")
            if answer.status_code != 303 or not location.startswith("/"):
                return answer
            answer = self.http.get(location, headers={"Accept": "text/html"})
        raise AssertionError("There is no end to the redirects.")

    def sign_in(self, page: Any) -> Any:
        """Fill in the page of the sign-in, or that of the confirmation."""
        if page.request.path.endswith("/reauthenticate"):
            return self.post("/reauthenticate", page, password=self.password)
        return self.post("/login", page, email=self.email, password=self.password)

    def consent(self, page: Any, answer: str = "allow") -> Any:
        return self.post(page.request.path, page, answer=answer)

    def go_through(self, url: str) -> Any:
        """Open an address, and say yes to whatever is asked, until it leads to the application."""
        page = self.open(url)
        for _ in range(5):
            path = page.request.path
            if page.status_code != 200 or 'id="away"' in page.text:
                return page
            if path in ("/login", "/reauthenticate"):
                page = self.sign_in(page)
            elif path.startswith("/oidc/consent/"):
                page = self.consent(page)
            else:
                return page
        raise AssertionError(f"It goes on and on: {path}")

    def code_for(self, rp: Rp, **params: Any) -> str:
        """A code for the application."""
        page = self.go_through(rp.url(**params))
        said = answer_of(page.headers.get("Location", ""))
        assert "code" in said, (page.status_code, page.headers.get("Location"), page.text[:2000])
        return said["code"]

    def tokens_for(self, rp: Rp, **params: Any) -> dict[str, Any]:
        answer = rp.redeem(self.code_for(rp, **params))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = orjson.loads(answer.data)
        return found
