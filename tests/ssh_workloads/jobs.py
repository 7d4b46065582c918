"""An organization with rules for jobs, and jobs that come with tokens, over the API."""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient

from gatehouse.core.openssh.krl import Krl, read_krl
from gatehouse.core.openssh.sshsig import make_sshsig
from gatehouse.ssh_workloads.service import NAMESPACE
from tests.factories import Factory
from tests.ssh_ca.places import Place
from tests.ssh_workloads.issuers import AUDIENCE, SUB, Issuer

SIGN = "/api/v1/ssh/workloads/sign"


class Job:
    """A key that a job has made for itself."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()

    @property
    def line(self) -> str:
        public = self.private.public_key()
        return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def signature(self, token: str, namespace: str = NAMESPACE) -> str:
        digest = sha256(token.encode()).hexdigest()
        return make_sshsig(self.private, digest.encode(), namespace)

    def body(self, org: str, token: str, **more: Any) -> dict[str, Any]:
        sent = {"public_key": self.line, "signature": self.signature(token), **more}
        return {"organization": org, **sent}


class Yard(Place):
    """An organization with the principals ``deploy`` and ``web``, which trusts an issuer."""

    def __init__(self, client: FlaskClient, make: Factory, issuer: Issuer) -> None:
        super().__init__(client, make)
        self.issuer = issuer
        self.ca = self.created()
        for name in ("deploy", "web"):
            make.principal(self.org, name=name)

    @property
    def rules(self) -> str:
        return f"/api/v1/organizations/{self.org.id}/ssh/workloads"

    def rule(self, **fields: Any) -> dict[str, Any]:
        usual = {
            "name": "Deploy",
            "issuer": self.issuer.url,
            "audience": AUDIENCE,
            "claims": {"sub": SUB},
            "principals": ["deploy"],
        }
        return {**usual, **fields}

    def add(self, headers: Any = None, **fields: Any) -> Any:
        sent = self.rule(**fields)
        return self.http.post(self.rules, json=sent, headers=headers or self.as_admin)

    def added(self, headers: Any = None, **fields: Any) -> Any:
        reply = self.add(headers, **fields)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]["workload"]

    def change(self, rule: Any, headers: Any = None, **fields: Any) -> Any:
        path = f"{self.rules}/{rule['id']}"
        return self.http.patch(path, json=fields, headers=headers or self.as_admin)

    def drop(self, rule: Any, headers: Any = None) -> Any:
        return self.http.delete(f"{self.rules}/{rule['id']}", headers=headers or self.as_admin)

    def come(self, token: str | None = None, job: Job | None = None, **sent: Any) -> Any:
        """A job asks for a certificate."""
        token = self.issuer.token() if token is None else token
        body = (job or Job()).body(str(self.org.slug), token, **sent)
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.post(SIGN, json=body, headers=headers)

    def signed(self, *args: Any, **sent: Any) -> Any:
        reply = self.come(*args, **sent)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]

    def refused(self, *args: Any, **sent: Any) -> tuple[int, str]:
        reply = self.come(*args, **sent)
        return reply.status_code, reply.json["error"]["type"]

    def krl(self) -> Krl:
        return read_krl(self.http.get(f"/api/v1/ssh/orgs/{self.org.slug}/krl").data)

    def listed(self, **query: Any) -> Any:
        path = f"/api/v1/organizations/{self.org.id}/certificates"
        reply = self.http.get(path, query_string=query, headers=self.as_admin)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["certificates"]
