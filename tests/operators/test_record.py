"""Operators read the whole record; losing the right ends that at once."""

import pytest
from sqlalchemy import update

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role

LOGS = "/api/v1/audit-logs"


@pytest.fixture
def operator(make):
    return make.user(is_operator=True)


def test_an_operator_reads_what_happened_to_others(client, make, operator):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    client.patch(
        f"/api/v1/organizations/{org.id}", json={"name": "Other"}, headers=make.bearer(owner)
    )

    reply = client.get(f"{LOGS}?user_id={owner.user_id}", headers=make.bearer(operator))

    data = reply.json["data"]
    assert data["is_admin_view"] is True
    newest = data["audit_logs"][0]
    assert (newest["action"], newest["organization_id"]) == ("organization.changed", str(org.id))
    assert newest["user_email"] is not None
    assert newest["ip_address"] is not None


def test_nobody_else_does_and_the_right_ends_at_once(client, make, operator, runtime):
    headers, other = make.bearer(operator), make.bearer(make.user())
    assert client.get(LOGS, headers=other).json["data"]["is_admin_view"] is False

    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(User).where(User.id == operator.id).values(is_operator=False))

    reply = client.get(LOGS, headers=headers)
    assert reply.json["data"]["is_admin_view"] is False
    seen = {entry["user_id"] for entry in reply.json["data"]["audit_logs"]}
    assert seen <= {str(operator.id)}
