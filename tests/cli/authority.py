"""An authority that ssh-keygen signs for, and a server that is played and asks it to."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from tests.cli.programs import Cli
from tests.cli.stage import MISSING, OK, Stage, enveloped, refusal
from tests.openssh import KeyFile, keygen, make_key

HOUR = 3600
ORGANIZATION = {"id": "0193b6f0-0000-7000-8000-000000000001", "slug": "acme", "name": "Acme"}

KNOWN_HOSTS = "/api/v1/ssh/orgs/{}/known_hosts"  # of an organization, by its id


def time_of(seconds: float) -> str:
    """As ``ssh-keygen -V`` takes it, in the zone that tests have."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%S")


@dataclass
class Authority:
    """Signs whatever it is told to."""

    folder: Path
    key: KeyFile

    @classmethod
    def made(cls, folder: Path, kind: str = "ed25519") -> "Authority":
        folder.mkdir(parents=True)
        return cls(folder, make_key(folder, kind))

    def sign(
        self,
        public: str,
        *,
        key_id: str = "",
        principals: Sequence[str] = ("deploy",),
        begins: float = -300,
        ends: float = HOUR,
        options: Sequence[str] = (),
        serial: int = 7,
        host: bool = False,
    ) -> str:
        """The certificate, one line. ``begins`` and ``ends`` are seconds from now."""
        now = int(time.time())
        path = self.folder / f"{uuid4()}.pub"
        path.write_text(public)
        given = [word for option in options for word in ("-O", option)]
        validity = f"{time_of(now + begins)}:{time_of(now + ends)}"
        names = ("-n", ",".join(principals)) if principals else ()
        what = ("-h",) if host else ()
        asked = ("-I", key_id or f"gh1:acme:kim:kim@example.com:{uuid4()}", *names, *given, *what)
        keygen("-q", "-s", self.key.path, *asked, "-V", validity, "-z", str(serial), path)
        return path.with_name(f"{path.stem}-cert.pub").read_text().strip()


class Played:
    """A Gatehouse on a stage: every key is proved, and every wish is granted."""

    def __init__(self, stage: Stage, authority: Authority) -> None:
        self.stage, self.authority = stage, authority
        self.organizations = [ORGANIZATION]
        self.keys: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.principals = ["deploy", "web"]
        self.states: dict[str, str] = {}
        self.signs: dict[str, Any] = {}
        self.changes: dict[str, Any] = {}
        self._lock = Lock()
        stage.plays |= {
            "/api/v1/auth/me": lambda _form: (OK, enveloped(self.me)),
            "/api/v1/ssh/keys": self._keys,
            "/api/v1/ssh/sign": self._sign,
            "/api/v1/ssh/sign/preview": self._preview,
            "/api/v1/ssh/certificates/": self._certificate,
            KNOWN_HOSTS.format(ORGANIZATION["id"]): lambda _form: (OK, self.known_hosts),
            "/api/health/live": lambda _form: (OK, {}),
        }

    @property
    def me(self) -> dict[str, Any]:
        user = {"email": "kim@example.com", "full_name": "Kim"}
        return {"user": user, "organizations": self.organizations}

    @property
    def known_hosts(self) -> str:
        return f"# Acme, 1\n@cert-authority *.acme.example {self.authority.key.public}"

    def refuse(self, status: str, error_type: str, message: str = "No.") -> None:
        """Sign nothing from now on."""

        def no(form: dict[str, str]) -> tuple[str, Any]:
            self.asked.append(json.loads(form["body"]))
            return status, refusal(error_type, message)

        self.stage.plays["/api/v1/ssh/sign"] = no

    def _keys(self, form: dict[str, str]) -> tuple[str, Any]:
        if not form["body"]:
            return OK, enveloped({"keys": self.keys})
        text = json.loads(form["body"])["public_key"]
        known = [row for row in self.keys if row["public_key"] == text]
        return OK, enveloped(known[0] if known else self.register(text))

    def register(self, public: str) -> dict[str, Any]:
        place = self.authority.folder / f"{uuid4()}.txt"
        place.write_text(public)
        row = {
            "id": str(uuid4()),
            "public_key": public,
            "fingerprint": keygen("-lf", place).split()[1],
            "name": "A key",
            "verified": True,
            "state": "verified",
        }
        self.keys.append(row)
        return row

    def _sign(self, form: dict[str, str]) -> tuple[str, Any]:
        body = json.loads(form["body"])
        with self._lock:
            self.asked.append(body)
        (row,) = [row for row in self.keys if row["id"] == body["key_id"]]
        names = body.get("principals") or self.principals
        ends = body.get("ttl_seconds") or HOUR
        how = {"principals": names, "ends": ends, **self.signs}
        answer = {
            "certificate": self.authority.sign(row["public_key"], **how),
            "cert_id": str(uuid4()),
            "principals": names,
            "ttl_seconds": ends,
            "limited_by": "department",
            "ca_fingerprint": self.authority.key.fingerprint,
            "ip": "192.0.2.7",
        }
        return OK, enveloped({**answer, **self.changes})

    def _preview(self, _form: dict[str, str]) -> tuple[str, Any]:
        named = [{"name": name, "included": True, "why_not": None} for name in self.principals]
        said = {"allowed": True, "refusals": [], "principals": named, "ip": "192.0.2.7"}
        return OK, enveloped(said)

    def _certificate(self, form: dict[str, str]) -> tuple[str, Any]:
        state = self.states.get(form["word"], "valid")
        if state == "unknown":
            return MISSING, refusal("NOT_FOUND", "There is no such certificate.")
        return OK, enveloped({"id": form["word"], "state": state})


def set_up(cli: Cli, *arguments: str) -> Any:
    """Have the command set up what the server has."""
    done = cli.run("ssh", "setup", "--org", "acme", "--json", *arguments)
    assert done.code == 0, done.said
    return done.json


def ready(home: Path, authority: Authority, server: str) -> Path:
    """A home in which acme is set up, as if it had been by the command. Returns the folder."""
    folder = home / ".ssh" / "gatehouse"
    folder.mkdir(parents=True, mode=0o700)
    key = folder / "acme"
    keygen("-q", "-t", "ed25519", "-N", "", "-f", key)
    setup = {"org_id": ORGANIZATION["id"], "server": server, "profile": "x", "key": str(key)}
    kept = {"acme": {**setup, "patterns": ["*.acme.example"]}}
    (folder / "organizations.json").write_text(json.dumps(kept))
    certificate = authority.sign((folder / "acme.pub").read_text())
    (folder / "acme-cert.pub").write_text(certificate)
    return folder


def put_certificate(cli: Cli, authority: Authority, **how: Any) -> Path:
    """Another certificate in the place of the one that was made, as time would bring about."""
    folder = cli.home / ".ssh" / "gatehouse"
    public = (folder / "acme.pub").read_text()
    path = folder / "acme-cert.pub"
    path.write_text(authority.sign(public, **how) + "\n")
    (folder / "acme.times").unlink(missing_ok=True)
    return path
