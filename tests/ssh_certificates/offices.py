"""An organization that signs certificates, and a member with a key and principals, over the API."""

from typing import Any

from flask.testing import FlaskClient

from gatehouse.core.openssh.certificates import Read, read_certificate
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.krl import Krl, read_krl
from gatehouse.organizations.models import Member
from gatehouse.ssh_keys.models import SshKey
from tests.core.openssh.made_keys import ED25519, subject
from tests.factories import Factory
from tests.ssh_ca.places import Place

SIGN = "/api/v1/ssh/sign"
PREVIEW = "/api/v1/ssh/sign/preview"
OWN = "/api/v1/ssh/certificates"
HOST_NAME = "db1.example.com"


class Office(Place):
    """``member`` holds the principals ``deploy`` and ``web``, and has proved ``key``."""

    def __init__(self, client: FlaskClient, make: Factory, **of_authority: object) -> None:
        super().__init__(client, make)
        self.ca = self.created(**of_authority)
        self.key = self.key_of(self.member)
        self.deploy = make.principal(self.org, self.member, name="deploy")
        self.web = make.principal(self.org, self.member, name="web")

    @property
    def certificates(self) -> str:
        return f"/api/v1/organizations/{self.org.id}/certificates"

    def key_of(self, who: Member, of_type: str = ED25519, name: str = "", **fields: Any) -> SshKey:
        """A key of theirs; each has another, so that nobody meets by chance."""
        return self.make.ssh_key(who, subject(of_type, name or str(who.id)), **fields)

    def ask(self, headers: Any = None, *, at: str = SIGN, **wish: Any) -> Any:
        return self.http.post(at, json=wish, headers=headers or self.as_member)

    def signed(self, headers: Any = None, **wish: Any) -> Any:
        reply = self.ask(headers, **wish)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]

    def refused(self, headers: Any = None, *, at: str = SIGN, **wish: Any) -> tuple[int, str, Any]:
        reply = self.ask(headers, at=at, **wish)
        error = reply.json["error"]
        return reply.status_code, error["type"], error["details"]

    def previewed(self, headers: Any = None, **wish: Any) -> Any:
        reply = self.ask(headers, at=PREVIEW, **wish)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]

    def policy(self, department: Any, **demands: Any) -> None:
        path = f"/api/v1/organizations/{self.org.id}/departments/{department.id}/cert-policy"
        reply = self.http.put(path, json=demands, headers=self.as_admin)
        assert reply.status_code == 200, reply.text

    def listed(self, headers: Any = None, **query: Any) -> Any:
        reply = self.http.get(OWN, query_string=query, headers=headers or self.as_member)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["certificates"]

    def found(self, **query: Any) -> Any:
        """What an admin finds."""
        reply = self.http.get(self.certificates, query_string=query, headers=self.as_admin)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["certificates"]

    def revoke(self, certificate_id: str, headers: Any = None, **said: Any) -> Any:
        path = f"{OWN}/{certificate_id}/revoke"
        return self.http.post(path, json=said, headers=headers or self.as_member)

    def revoke_all(self, headers: Any = None, **which: Any) -> Any:
        path = f"{self.certificates}/revoke"
        return self.http.post(path, json=which, headers=headers or self.as_admin)

    def krl(self) -> Krl:
        reply = self.http.get(f"/api/v1/ssh/orgs/{self.org.slug}/krl")
        assert reply.status_code == 200, reply.text
        return read_krl(reply.data)

    @property
    def blob(self) -> bytes:
        """Of the authority's key."""
        return read_public_key(self.ca["public_key"]).blob

    def is_listed(self, certificate: Any) -> bool:
        """Whether machines refuse it, by the list as it is published."""
        return self.krl().is_revoked(self.blob, certificate["serial"])


class HostOffice(Office):
    """An admin with a proved key, and an authority of each kind: ``ca`` signs for people."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.hosts = self.created(name="Machines", ca_type="host")
        self.host_key = self.key_of(self.admin)

    def host(self, headers: Any = None, **wish: Any) -> Any:
        wish = {"cert_type": "host", "principals": [HOST_NAME], **wish}
        return self.ask(headers or self.as_admin, **wish)

    def host_signed(self, headers: Any = None, **wish: Any) -> Any:
        reply = self.host(headers, **wish)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]

    def host_refused(self, headers: Any = None, **wish: Any) -> tuple[int, str, Any]:
        reply = self.host(headers, **wish)
        error = reply.json["error"]
        return reply.status_code, error["type"], error["details"]

    def is_refused(self, certificate: Any) -> bool:
        """Whether clients refuse it, by the list as it is published."""
        blob = read_public_key(self.hosts["public_key"]).blob
        return self.krl().is_revoked(blob, certificate["serial"])

    def name(self, *who: Any) -> None:
        """Let these ask the authority of hosts, and nobody else."""
        path = f"{self.path}/{self.hosts['id']}/permissions"
        for one in who:
            sent = {"user_id": str(one.user_id), "permission": "sign"}
            reply = self.http.post(path, json=sent, headers=self.as_admin)
            assert reply.status_code == 201, reply.text

    def unname(self, who: Any) -> None:
        path = f"{self.path}/{self.hosts['id']}/permissions/{who.user_id}"
        assert self.http.delete(path, headers=self.as_admin).status_code == 200


def read(certificate: Any) -> Read:
    return read_certificate(certificate["certificate"])
