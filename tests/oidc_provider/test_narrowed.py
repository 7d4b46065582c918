"""A client whose policy is narrowed: the grants of those who are out end (threats 33, 36)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from gatehouse.audit.models import AuditEntry
from gatehouse.clients.models import Client
from gatehouse.clients.queries import clients_as_written
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import Grant
from gatehouse.grants.service import agree
from gatehouse.grants.service.consents import Agreed
from gatehouse.oidc_provider.jobs import end_outside_grants
from gatehouse.oidc_provider.service.admission import end_grants_outside_the_policy
from tests.factories import Factory
from tests.relying import make_client

ALL = {"owner", "member", "inside", "suspended", "elsewhere", "nowhere"}


@dataclass
class Scene:
    """A client that everybody may use, and people who have a grant for it."""

    runtime: Runtime
    http: FlaskClient
    client: Client
    owner: dict[str, str]
    department_id: str
    elsewhere_id: str
    people: Mapping[UUID, str]

    def change(self, **settings: Any) -> None:
        path = f"/api/v1/organizations/{self.client.org_id}/clients/{self.client.id}"
        answer = self.http.patch(path, headers=self.owner, json=settings)
        assert answer.status_code == 200, answer.text

    def write(self, **settings: Any) -> None:
        """Change it past everything that would follow."""
        with unit_of_work(self.runtime, Origin("test")) as ctx:
            values = {"settings": {**self.client.settings, **settings}, "updated_at": ctx.now}
            ctx.execute(update(Client).where(Client.id == self.client.id).values(**values))

    @property
    def living(self) -> set[str]:
        with self.runtime.reading() as db:
            mine = Grant.client_row_id == self.client.id
            rows = db.scalars(select(Grant.user_id).where(mine, Grant.revoked_at.is_(None)))
            return {self.people[each] for each in rows}


@pytest.fixture
def scene(runtime: Runtime, make: Factory, client: FlaskClient) -> Scene:
    with make.together():
        org, elsewhere = make.organization(), make.organization()
        owner, inside = make.member(org, Role.OWNER), make.member(org)
        people = {
            owner.user_id: "owner",
            inside.user_id: "inside",
            make.member(org).user_id: "member",
            make.member(elsewhere).user_id: "elsewhere",
            make.user().id: "nowhere",
        }
    suspended = make.member(org)
    http, place = client, f"/api/v1/organizations/{org.id}"
    bearer = make.bearer(owner)
    people[suspended.user_id] = "suspended"
    http.post(f"{place}/members/{suspended.user_id}/suspend", headers=bearer, json={})
    row = make_client(runtime, org, access_policy="everyone")
    with unit_of_work(runtime, Origin("test")) as ctx:
        for user_id in people:
            agree(ctx, user_id, row.id, Agreed(["openid"]), lasting=None, is_asked=False)
    department = make.department(org, inside)
    return Scene(runtime, http, row, bearer, str(department.id), str(elsewhere.id), people)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ({"access_policy": "organizations"}, {"owner", "inside", "member"}),
        ({"access_policy": "roles", "allowed_roles": ["owner"]}, {"owner"}),
        ({"access_policy": "groups"}, {"inside"}),
    ],
)
def test_the_grants_of_those_who_are_out_end_and_no_others(
    policy: dict[str, Any], kept: set[str], scene: Scene
):
    if policy["access_policy"] == "groups":
        policy = {**policy, "allowed_group_ids": [scene.department_id]}

    scene.change(name="Another name")
    assert scene.living == ALL
    scene.change(**policy)
    assert scene.living == kept
    scene.change(access_policy="everyone")
    assert scene.living == kept

    with scene.runtime.reading() as db:
        mine = AuditEntry.resource_id == scene.client.id
        rows = db.scalars(select(AuditEntry).where(mine, AuditEntry.action == "client.changed"))
        told = [row.details.get("access_ended") for row in rows]
    assert sorted(each for each in told if each) == [len(ALL) - len(kept)]


def test_of_very_many_the_rest_follows_by_a_job(scene: Scene):
    scene.write(access_policy="organizations")
    with unit_of_work(scene.runtime, Origin("test")) as ctx:
        (known,) = clients_as_written(ctx, Client.id == scene.client.id)
        assert end_grants_outside_the_policy(ctx, known, reason="test", most=1) == 1
    assert len(scene.living) == len(ALL) - 1

    ended = 0
    while True:
        with unit_of_work(scene.runtime, Origin("test")) as ctx:
            count = end_outside_grants(ctx)
        if not count:
            break
        ended += count

    assert ended >= 2
    assert scene.living == {"owner", "inside", "member"}
