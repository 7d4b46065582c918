"""Somebody with SSH keys, over the API."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from gatehouse.ssh_keys.rules import NAMESPACE
from tests.factories import Factory
from tests.openssh import KeyFile, make_key

KEYS = "/api/v1/ssh/keys"


class KeyOwner:
    def __init__(self, client: FlaskClient, make: Factory, folder: Path) -> None:
        self.http, self.make, self.folder = client, make, folder
        self.user = make.user()
        self.headers = make.bearer(self.user)

    def key(self, kind: str = "ed25519", **wanted: Any) -> KeyFile:
        return make_key(self.folder, kind, **wanted)

    def add(self, key: KeyFile | str, **more: object) -> Any:
        text = key.public if isinstance(key, KeyFile) else key
        return self.http.post(KEYS, json={"public_key": text, **more}, headers=self.headers)

    def prove(self, key: KeyFile, challenge: Any, *, namespace: str = NAMESPACE) -> Any:
        signature = key.sign(challenge["challenge_text"], namespace)
        return self.send(challenge["key_id"], signature)

    def send(self, key_id: str, signature: str, *, as_base64: bool = False) -> Any:
        sent = b64encode(signature.encode()).decode() if as_base64 else signature
        path = f"{KEYS}/{key_id}/verify"
        return self.http.post(path, json={"signature": sent}, headers=self.headers)

    def challenge(self, key_id: str) -> Any:
        reply = self.http.get(f"{KEYS}/{key_id}/verify", headers=self.headers)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def verified(self, key: KeyFile | None = None) -> Any:
        """A key that is proved, as the API shows it."""
        key = key or self.key()
        added = self.add(key).json["data"]
        reply = self.prove(key, added["challenge"])
        assert reply.status_code == 200, reply.text
        return self.read(added["id"])

    def read(self, key_id: str) -> Any:
        reply = self.http.get(f"{KEYS}/{key_id}", headers=self.headers)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def listed(self) -> Any:
        return self.http.get(KEYS, headers=self.headers).json["data"]
