"""Programs that register themselves as clients."""

from typing import Any

from flask import Flask

from tests.conftest import WIDE, client_of
from tests.relying import ISSUER

BACK = "https://app.example.com/callback"
LEAST = {"redirect_uris": [BACK]}
OPEN = {"OIDC_REGISTRATION": "open", **WIDE}


class Program:
    """Something that registers itself over HTTP."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app, self.http = app, client_of(app, address)

    def register(self, token: str = "", **metadata: Any) -> Any:
        return self.http.post("/oidc/register", json=metadata, headers=bearer(token))

    def done(self, **metadata: Any) -> dict[str, Any]:
        reply = self.register(**{**LEAST, **metadata})
        assert reply.status_code == 201, reply.text
        found: dict[str, Any] = reply.json
        return found

    def call(self, method: str, told: dict[str, Any], token: str | None = None, **sent: Any) -> Any:
        path = told["registration_client_uri"].removeprefix(ISSUER)
        headers = bearer(told["registration_access_token"] if token is None else token)
        return self.http.open(path, method=method, headers=headers, **sent)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
