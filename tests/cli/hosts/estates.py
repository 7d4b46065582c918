"""An organization with machines, over the API of the real server."""

from typing import Any

from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.roles import Role
from tests.factories import Factory
from tests.openssh import KeyFile
from tests.serving import GatehouseServer

NAME = "db1.acme.example"


class Estate:
    """``member`` has the principal "prod", and has proved ``key``."""

    def __init__(self, serving: GatehouseServer, make: Factory, key: KeyFile) -> None:
        self.serving, self.make, self.key = serving, make, key
        self.org = make.organization()
        self.admin, self.member = make.member(self.org, Role.ADMIN), make.member(self.org)
        make.principal(self.org, self.member, name="prod")
        make.ssh_key(self.member, read_public_key(key.public).blob)
        self.ca = {kind: self.authority(kind) for kind in ("user", "host")}
        patterns = {"host_patterns": ["*.acme.example"]}
        self.asked("PUT", "/ssh/policy", patterns)

    def authority(self, kind: str) -> Any:
        return self.asked("POST", "/cas", {"name": kind, "ca_type": kind})["ca"]

    def asked(self, method: str, path: str, body: Any = None) -> Any:
        """What an admin does within the organization."""
        token = self.make.session(self.admin.user_id)
        at = f"/api/v1/organizations/{self.org.id}{path}"
        reply = self.serving.call(method, at, body, token=token)
        assert reply.status < 300, reply.body
        return reply.json["data"]

    def host(self, *names: str, **wanted: Any) -> Any:
        body = {"names": list(names) or [NAME], **wanted}
        return self.asked("POST", "/ssh/hosts", body)["host"]

    def read(self, host: Any) -> Any:
        return self.asked("GET", f"/ssh/hosts/{host['id']}")["host"]

    def change(self, host: Any, **changes: Any) -> Any:
        return self.asked("PATCH", f"/ssh/hosts/{host['id']}", changes)

    def token(self, host: Any) -> str:
        return str(self.asked("POST", f"/ssh/hosts/{host['id']}/enroll-token")["token"])

    def signed(self) -> Any:
        """A certificate of the member's."""
        token = self.make.session(self.member.user_id)
        reply = self.serving.call("POST", "/api/v1/ssh/sign", {}, token=token)
        assert reply.status == 201, reply.body
        return reply.json["data"]

    def revoke(self, certificate: Any) -> None:
        self.asked("POST", f"/certificates/{certificate['id']}/revoke", {"reason": "lost"})

    def known_hosts(self) -> list[str]:
        reply = self.serving.call("GET", f"/api/v1/ssh/orgs/{self.org.slug}/known_hosts")
        assert reply.status == 200, reply.body
        return reply.body.decode().splitlines()
