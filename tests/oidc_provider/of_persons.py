"""The command line as a client, and the tokens with which it calls the API."""

from typing import Any

from tests.relying import ISSUER, Person, Rp

API = f"{ISSUER}/api/v1"
LOOPBACK = "http://127.0.0.1:53682/callback"
SESSION = "openid api"
OFFLINE = "openid api offline_access"


def tokens_of(person: Person, cli: Rp, scope: str) -> dict[str, Any]:
    wish = {"redirect_uri": LOOPBACK, "scope": scope, "resource": API}
    code = person.code_for(cli, **wish)
    answer = cli.redeem(code, redirect_uri=LOOPBACK)
    assert answer.status_code == 200, answer.text
    return answer.json


def headers_of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
