"""An organization with hosts, over the API."""

from typing import Any

from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.factories import Factory

NAME = "db1.example.com"


class Grounds:
    def __init__(self, client: FlaskClient, make: Factory) -> None:
        self.http, self.make = client, make
        self.org = make.organization()
        self.admin = make.member(self.org, Role.ADMIN)
        self.member = make.member(self.org)
        self.sign_in()

    def sign_in(self) -> None:
        self.as_admin = self.make.bearer(self.admin)
        self.as_member = self.make.bearer(self.member)

    @property
    def path(self) -> str:
        return f"/api/v1/organizations/{self.org.id}/ssh/hosts"

    def authority(self, kind: str, **wanted: object) -> Any:
        """The one of this kind: made, or the one that is there."""
        path = f"/api/v1/organizations/{self.org.id}/cas"
        listed = self.http.get(path, headers=self.as_admin).json["data"]["cas"]
        found = [each for each in listed if each["ca_type"] == kind]
        if found:
            return found[0]
        body = {"name": kind, "ca_type": kind, **wanted}
        reply = self.http.post(path, json=body, headers=self.as_admin)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]["ca"]

    def revoked_certificates(self) -> set[str]:
        """The keys of those that were revoked."""
        path = f"/api/v1/organizations/{self.org.id}/certificates?state=revoked"
        reply = self.http.get(path, headers=self.as_admin)
        assert reply.status_code == 200, reply.text
        return {row["fingerprint"] for row in reply.json["data"]["certificates"]}

    def create(self, *names: str, **wanted: object) -> Any:
        body = {"names": list(names) or [NAME], **wanted}
        return self.http.post(self.path, json=body, headers=self.as_admin)

    def created(self, *names: str, **wanted: object) -> Any:
        reply = self.create(*names, **wanted)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]["host"]

    def read(self, host: Any) -> Any:
        reply = self.http.get(f"{self.path}/{host['id']}", headers=self.as_admin)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["host"]

    def change(self, host: Any, **changes: object) -> Any:
        return self.http.patch(f"{self.path}/{host['id']}", json=changes, headers=self.as_admin)

    def delete(self, host: Any) -> Any:
        return self.http.delete(f"{self.path}/{host['id']}", headers=self.as_admin)

    def revoke(self, host: Any, **said: object) -> Any:
        path = f"{self.path}/{host['id']}/revoke"
        return self.http.post(path, json=said, headers=self.as_admin)

    def revoke_key(self, fingerprint: str) -> None:
        """One key, whoever has it."""
        path = f"/api/v1/organizations/{self.org.id}/certificates/revoke"
        said = {"key_fingerprint": fingerprint, "reason": "leaked"}
        reply = self.http.post(path, json=said, headers=self.as_admin)
        assert reply.status_code == 200, reply.text

    def ask_for_token(self, host: Any, headers: dict[str, str] | None = None) -> Any:
        path = f"{self.path}/{host['id']}/enroll-token"
        return self.http.post(path, headers=headers or self.as_admin)

    def token(self, host: Any) -> str:
        reply = self.ask_for_token(host)
        assert reply.status_code == 201, reply.text
        return str(reply.json["data"]["token"])
