"""A member of an organization, one of its applications, and what an owner does to both."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from gatehouse.accounts.models import User
from gatehouse.clients.models import Client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Member, Organization
from tests.factories import Factory
from tests.relying import Rp

API = "/api/v1"
SCOPES = "openid offline_access"


@dataclass
class Scene:
    """A member of an organization and one of its applications."""

    make: Factory
    http: FlaskClient
    runtime: Runtime
    org: Organization
    owner: dict[str, str]
    member: Member
    own: dict[str, str]
    rp: Rp
    department: Any

    @property
    def place(self) -> str:
        return f"{API}/organizations/{self.org.id}/members/{self.member.user_id}"

    @property
    def user(self) -> Any:
        with unit_of_work(self.runtime, Origin("test")) as ctx:
            return ctx.db.get(User, self.member.user_id)

    def as_owner(self, method: str, path: str, **body: Any) -> None:
        self.sent(self.owner, method, path, **body)

    def sent(self, headers: dict[str, str], method: str, path: str, **body: Any) -> None:
        answer = self.http.open(path, method=method, headers=headers, json=body)
        assert answer.status_code < 300, answer.text

    def change_client(self, **settings: Any) -> None:
        with unit_of_work(self.runtime, Origin("test")) as ctx:
            ctx.outwait_leases()
            row = ctx.db.get(Client, self.rp.client.id)
            row.settings = {**row.settings, **settings}
