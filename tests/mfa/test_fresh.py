"""What matters is changed by whoever has used their factor just now (ruling 17)."""

from typing import Any

import pytest

from gatehouse.core.roles import Role
from gatehouse.organizations.models import Member
from tests.factories import PASSWORD
from tests.mfa.owners import Owner

ME, ORGS = "/api/v1/users/me", "/api/v1/organizations"
REAUTHENTICATE = "/api/v1/auth/reauthenticate"
NEW = "eleven quiet lanterns"
AGAIN = {"new_password": NEW, "new_password_confirm": NEW}
ACTS = [
    ("POST", f"{ME}/password", {"current_password": PASSWORD, **AGAIN}),
    ("POST", f"{ME}/email", {"email": "other@example.test", "password": PASSWORD}),
    ("POST", f"{ME}/email", {"email": "other@example.test"}),
    ("DELETE", ME, {"password": PASSWORD}),
    ("DELETE", ME, {}),
    ("GET", f"{ME}/export", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_a_password_alone_changes_nothing_of_whoever_has_a_factor(
    owner: Owner, method: str, path: str, body: dict | None
):
    """Threats 107, 118, 124, 130: also not of a session that has just been opened with it."""
    owner.enrol()
    stolen = owner.make.bearer(owner.user)

    refused = owner.http.open(path, method=method, json=body, headers=stolen)
    again = owner.http.post(REAUTHENTICATE, json={"password": PASSWORD}, headers=stolen)
    still = owner.http.open(path, method=method, json=body, headers=stolen)

    assert again.status_code == 200
    for answer in (refused, still):
        assert (answer.status_code, answer.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
        assert answer.json["error"]["details"]["max_age"] == 600
    code = {"code": owner.app.now()}
    assert owner.http.post(REAUTHENTICATE, json=code, headers=stolen).status_code == 200
    done = owner.http.open(path, method=method, json=body, headers=stolen)
    assert done.status_code < 300, done.text


def of_an_organization(admin: Member, address: str) -> list[tuple[str, str, dict | None]]:
    return [
        ("GET", "/audit-logs/export?format=jsonl", None),
        ("PUT", "/security-policy", {"mfa_policy_mode": "disabled"}),
        ("POST", "/members", {"email": address, "role": "owner"}),
        ("POST", "/transfer-ownership", {"new_owner_user_id": str(admin.user_id)}),
    ]


def test_nor_of_an_organization(owner: Owner):
    """Threats 124, 174, 211: an old session and a password take no organization either."""
    org = owner.make.organization()
    owner.make.member(org, Role.OWNER, user=owner.user)
    admin, address = owner.make.member(org, Role.ADMIN), owner.make.user().email
    owner.enrol()
    stolen = owner.make.bearer(owner.user)

    def answers() -> list[Any]:
        return [
            owner.http.open(f"{ORGS}/{org.id}{act}", method=method, json=body, headers=stolen)
            for method, act, body in of_an_organization(admin, address)
        ]

    for refused in answers():
        assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    code = {"code": owner.app.now()}
    assert owner.http.post(REAUTHENTICATE, json=code, headers=stolen).status_code == 200
    assert [done.status_code for done in answers()] == [200, 200, 201, 200]


def test_nor_of_an_organization_that_is_to_go(owner: Owner):
    org = owner.make.organization()
    owner.make.member(org, Role.OWNER, user=owner.user)
    owner.enrol()

    refused = owner.http.delete(f"{ORGS}/{org.id}", headers=owner.make.bearer(owner.user))

    assert (refused.status_code, refused.json["error"]["type"]) == (403, "STEP_UP_REQUIRED")
    assert owner.http.delete(f"{ORGS}/{org.id}", headers=owner.headers).status_code == 200
