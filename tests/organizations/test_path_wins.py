"""Which organization is meant, when a request names several (threat 171)."""

import pytest

from gatehouse.core.roles import Role
from tests.factories import Factory

PLACES = (
    "X-Org-ID",
    "X-Organization-Id",
    "X-Org",
    "X-Tenant-Id",
    "X-Original-URL",
    "X-Rewrite-URL",
)


@pytest.mark.parametrize("header", PLACES)
def test_neither_header_nor_query_names_another_organization(client, make: Factory, header):
    mine, other = make.organization(), make.organization()
    owner = make.member(mine, Role.OWNER)
    path = f"/api/v1/organizations/{other.id}"
    named = {header: path if "URL" in header else str(other.id), **make.bearer(owner)}
    query = {"org_id": str(other.id), "organization_id": str(other.id)}

    read = client.get(f"/api/v1/organizations/{mine.id}", headers=named, query_string=query)
    foreign = client.get(path, headers={**named, header: str(mine.id)})

    assert read.json["data"]["organization"]["id"] == str(mine.id)
    assert foreign.status_code == 404


@pytest.mark.parametrize("field", ["id", "org_id", "organization_id"])
def test_a_body_names_no_organization(client, make: Factory, field):
    """Also for somebody who owns both."""
    mine, other = make.organization(), make.organization()
    owner = make.user()
    for org in (mine, other):
        make.member(org, Role.OWNER, user=owner)
    body = {"name": "Moved", field: str(other.id)}

    reply = client.patch(f"/api/v1/organizations/{mine.id}", json=body, headers=make.bearer(owner))

    assert set(reply.json["error"]["details"]) == {field}
    for org in (mine, other):
        read = client.get(f"/api/v1/organizations/{org.id}", headers=make.bearer(owner))
        assert read.json["data"]["organization"]["name"] == org.name
