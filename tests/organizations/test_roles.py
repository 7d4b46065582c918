"""How many hold each role."""

from datetime import UTC, datetime

from flask.testing import FlaskClient

from gatehouse.core.roles import Role
from tests.factories import Factory
from tests.organizations.people import Circle


def test_every_role_is_counted_and_nobody_named(client: FlaskClient, make: Factory, circle: Circle):
    """Threat 177."""
    circle.join(Role.MEMBER)
    make.member(circle.org, Role.MEMBER, suspended_at=datetime.now(UTC))
    make.member(circle.org, Role.MEMBER, deleted_at=datetime.now(UTC))

    data = client.get(circle.path("/roles"), headers=circle.headers("guest")).json["data"]

    assert data == {
        "organization_id": str(circle.org.id),
        "roles": [
            {"role": "owner", "member_count": 2},
            {"role": "admin", "member_count": 0},
            {"role": "member", "member_count": 2},
            {"role": "guest", "member_count": 1},
        ],
    }
