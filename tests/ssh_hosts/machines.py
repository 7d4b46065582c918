"""A machine with host keys that ssh-keygen made, which enrols itself over the API."""

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from gatehouse.ssh_hosts.rules.proofs import NAMESPACE
from tests.openssh import KeyFile, make_key

ENROLL, RENEW = "/api/v1/ssh/hosts/enroll", "/api/v1/ssh/hosts/renew"


class Machine:
    """``http`` is from its own address."""

    def __init__(self, http: FlaskClient, folder: Path, *kinds: str) -> None:
        self.http = http
        self.keys = [make_key(folder, kind) for kind in kinds or ("ed25519",)]
        self.host_id, self.credential = "", ""

    def ask(self, token: str) -> Any:
        return self.http.post(ENROLL, json={"token": token})

    def challenge(self, token: str) -> str:
        reply = self.ask(token)
        assert reply.status_code == 200, reply.text
        return str(reply.json["data"]["challenge"]["challenge_text"])

    def enroll(self, token: str, *, text: str = "", keys: list[KeyFile] | None = None) -> Any:
        """Sign what the server tells, or ``text``, with each key."""
        used = self.keys if keys is None else keys
        text = text or self.challenge(token)
        sent = {
            "token": token,
            "host_public_keys": [key.public for key in used],
            "signatures": [key.sign(text, NAMESPACE) for key in used],
        }
        return self.http.post(ENROLL, json=sent)

    def enrolled(self, token: str) -> Any:
        reply = self.enroll(token)
        assert reply.status_code == 201, reply.text
        told = reply.json["data"]["enrolled"]
        self.host_id, self.credential = told["host_id"], told["credential"]
        return told

    def nonce(self, host_id: str = "") -> Any:
        reply = self.http.post(RENEW, json={"host_id": host_id or self.host_id})
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["challenge"]

    def answer(self, asked: Any, key: KeyFile | None = None, **changed: str) -> Any:
        """Send what ``nonce`` told back, signed."""
        signature = (key or self.keys[0]).sign(asked["challenge_text"], NAMESPACE)
        sent = {"host_id": asked["host_id"], "nonce": asked["nonce"], "signature": signature}
        return self.http.post(RENEW, json={**sent, **changed})

    def renew(self) -> Any:
        return self.answer(self.nonce())

    def sync(self, *, tag: str = "", credential: str = "", **query: object) -> Any:
        headers = {"Authorization": f"Bearer {credential or self.credential}"}
        if tag:
            headers["If-None-Match"] = tag
        path = f"/api/v1/ssh/hosts/{self.host_id}/sync"
        return self.http.get(path, headers=headers, query_string=query)


def kind_of(reply: Any) -> tuple[int, str]:
    """Status and type of a refusal."""
    return reply.status_code, reply.json["error"]["type"]
