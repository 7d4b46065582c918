"""An organization with an owner, an admin and a member, and its authorities over the API."""

from typing import Any

from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.factories import Factory


class Place:
    def __init__(self, client: FlaskClient, make: Factory) -> None:
        self.http, self.make = client, make
        self.org = make.organization()
        self.owner, self.admin, self.member = (
            make.member(self.org, role) for role in (Role.OWNER, Role.ADMIN, Role.MEMBER)
        )
        self.sign_in()

    def sign_in(self) -> None:
        self.as_owner = self.make.bearer(self.owner)
        self.as_admin = self.make.bearer(self.admin)
        self.as_member = self.make.bearer(self.member)

    @property
    def path(self) -> str:
        return f"/api/v1/organizations/{self.org.id}/cas"

    def create(self, **wanted: object) -> Any:
        body = {"name": "People", **wanted}
        return self.http.post(self.path, json=body, headers=self.as_admin)

    def created(self, **wanted: object) -> Any:
        reply = self.create(**wanted)
        assert reply.status_code == 201, reply.text
        return reply.json["data"]["ca"]

    def read(self, ca: Any) -> Any:
        reply = self.http.get(f"{self.path}/{ca['id']}", headers=self.as_admin)
        assert reply.status_code == 200, reply.text
        return reply.json["data"]["ca"]

    def rotate(self, ca: Any, **wanted: object) -> Any:
        return self.http.post(f"{self.path}/{ca['id']}/rotate", json=wanted, headers=self.as_admin)

    def act(self, ca: Any, key: Any, verb: str, **said: object) -> Any:
        """What an owner does to a key."""
        path = f"{self.path}/{ca['id']}/keys/{key['id']}/{verb}"
        return self.http.post(path, json=said or None, headers=self.as_owner)

    def keys(self, ca: Any, state: str) -> list[Any]:
        return [key for key in self.read(ca)["keys"] if key["state"] == state]
