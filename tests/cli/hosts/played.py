"""A Gatehouse on a stage for one machine: it tells what the test wants, signed as it should be."""

import json
import time
from pathlib import Path
from typing import Any

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.krl import Revoked, write_krl
from tests.cli.authority import Authority
from tests.cli.stage import OK, Stage, enveloped, refusal
from tests.openssh import KeyFile, make_key

HOST = "0193b6f0-0000-7000-8000-00000000000a"
NAME = "db1.acme.example"
NAMESPACE = "ssh-host@gatehouse"
CREATED = "201 Created"
BASE = "/api/v1/ssh/hosts"
DAY = 86_400


class PlayedHost:
    """``changes`` are made to what is told, ``challenge`` to what is to be signed.

    ``krl`` and ``signature`` are what is published; ``publish`` makes the next.
    """

    def __init__(self, stage: Stage, folder: Path, account: str) -> None:
        self.stage = stage
        self.people, self.machines = (Authority.made(folder / one) for one in ("people", "hosts"))
        self.signer = make_key(folder / "people")
        self.account, self.version, self.generated = account, 0, int(time.time())
        self.changes: dict[str, Any] = {}
        self.challenge: dict[str, Any] = {}
        self.signs: dict[str, Any] = {}
        self.refuses: list[tuple[str, Any]] = []
        self.sent: list[Any] = []
        self.krl, self.signature = b"", ""
        self.publish()
        krl = "/api/v1/ssh/orgs/acme/krl"
        stage.plays |= {
            f"{BASE}/enroll": self._enroll,
            f"{BASE}/renew": self._renew,
            f"{BASE}/{HOST}/sync": self._sync,
            krl: lambda _form: (OK, self.krl),
            f"{krl}.sig": lambda _form: (OK, self.signature),
        }

    def publish(self, *serials: int, signer: KeyFile | None = None, version: int = 0) -> None:
        """The next list, in which these are revoked."""
        self.version, self.generated = version or self.version + 1, self.generated + 1
        blob = read_public_key(self.people.key.public).blob
        revoked = Revoked(serials={blob: frozenset(serials)} if serials else {})
        self.krl = write_krl(self.version, self.generated, "gatehouse acme", revoked)
        self.sign_list(signer or self.signer)

    def sign_list(self, signer: KeyFile, namespace: str = "krl@gatehouse") -> None:
        self.signature = signer.sign(self.krl, namespace)

    @property
    def told(self) -> dict[str, Any]:
        told = {
            "host_id": HOST,
            "organization": "acme",
            "names": [NAME],
            "principals": {self.account: ["prod"]},
            "bundle": "0123456789abcdef",
            "user_ca": [self.people.key.public.strip()],
            "host_ca": [self.machines.key.public.strip()],
            "krl_version": self.version,
            "krl_url": f"{self.stage.url}/api/v1/ssh/orgs/acme/krl",
            "krl_signer": self.signer.public.strip(),
            "renewal_due": False,
        }
        return {**told, **self.changes}

    def _ask(self, purpose: str) -> dict[str, Any]:
        lines = [purpose, f"server: {self.stage.url}", f"host: {HOST}", "nonce: 1"]
        asked = {
            "host_id": HOST,
            "challenge_text": "\n".join(lines),
            "namespace": NAMESPACE,
            "nonce": "1",
        }
        return {**asked, **self.challenge}

    def _certificates(self, lines: list[str]) -> list[dict[str, str]]:
        how = {"principals": [NAME], "ends": 30 * DAY, "host": True, **self.signs}
        by = how.pop("by", self.machines)
        return [{"certificate": by.sign(line, **how)} for line in lines]

    def _enroll(self, form: dict[str, str]) -> tuple[str, Any]:
        body = json.loads(form["body"])
        if "signatures" not in body:
            asked = self._ask("Gatehouse: enrol this host.")
            return OK, enveloped({"challenge": asked, "enrolled": None})
        self.sent = body["host_public_keys"]
        if self.refuses:
            return self.refuses.pop(0)
        told = {"credential": "ghh_secret", "certificates": self._certificates(self.sent)}
        return CREATED, enveloped({"challenge": None, "enrolled": {**told, **self.told}})

    def _renew(self, form: dict[str, str]) -> tuple[str, Any]:
        body = json.loads(form["body"])
        if "signature" not in body:
            asked = self._ask("Gatehouse: renew the certificates of this host.")
            return OK, enveloped({"challenge": asked, "renewed": None})
        return CREATED, enveloped({"renewed": {"certificates": self._certificates(self.sent)}})

    def _sync(self, form: dict[str, str]) -> tuple[str, Any]:
        if form["authorization"] != "Bearer ghh_secret":
            return "401 Unauthorized", refusal("UNAUTHORIZED", "No host.")
        return OK, enveloped(self.told)


def no_such_key(error_type: str, index: int) -> tuple[str, Any]:
    said = refusal(error_type, "This key is too weak for a host.")
    said["error"]["details"] = {"index": index, "reason": "weak"}
    return "400 Bad Request", said
