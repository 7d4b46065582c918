"""What is demanded of one member: more, less, nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from gatehouse.core.roles import Role
from gatehouse.policies.models import Compliance, PersonalPolicy
from gatehouse.policies.rules import Mode
from tests.audit.record import entries_of, entry_of
from tests.factories import PASSWORD
from tests.organizations.people import Circle
from tests.policies.demands import SHUT_OUT, Demanding, told

NOTHING = {"mfa_override_mode": "inherit", "force_totp": False, "force_webauthn": False}


def path_of(place: Circle | Demanding, user_id) -> str:
    return place.path(f"/users/{user_id}/security-policy")


def test_what_is_not_sent_stays(client, circle):
    user_id = circle.join().user_id
    path, same = path_of(circle, user_id), {"user_id": str(user_id)}

    def said(reply):
        assert reply.status_code == 200, reply.text
        found = reply.json["data"]["user_security_policy"]
        assert found.pop("organization_id") == str(circle.org.id)
        return found

    def change(**fields):
        return client.patch(path, json=fields, headers=circle.as_owner)

    assert said(client.get(path, headers=circle.as_owner)) == NOTHING | same
    assert said(change(force_totp=True)) == NOTHING | same | {"force_totp": True}
    changed = change(mfa_override_mode="required")
    expected = {"mfa_override_mode": "required", "force_totp": True}
    assert said(changed) == NOTHING | same | expected
    assert said(client.get(path, headers=circle.as_owner)) == NOTHING | same | expected
    entry = entry_of(client, changed)
    assert (entry.action, entry.user_id) == ("policy.override_changed", user_id)
    assert entry.details == {"fields": ["override"], "old": ["inherit"], "new": ["required"]}
    assert entries_of(client, change(mfa_override_mode="required")) == []


WRONG = [
    {"mfa_override_mode": "never"},
    {"mfa_override_mode": None},
    {"force_totp": "yes"},
    {"force_totp": 1},
    {"force_webauthn": None},
    {"user_id": "somebody"},
    {"since": "2026-01-01T00:00:00Z"},
]


def test_what_is_wrong_is_named_and_nothing_is_stored(client, circle):
    path = path_of(circle, circle.join().user_id)
    for sent in WRONG:
        reply = client.patch(
            path, json={**sent, "force_totp": sent.get("force_totp", True)}, headers=circle.as_owner
        )

        assert told(reply) == (400, "VALIDATION_ERROR"), sent
        assert next(iter(sent)) in reply.json["error"]["details"]
    kept = client.get(path, headers=circle.as_owner).json["data"]["user_security_policy"]
    assert {name: kept[name] for name in NOTHING} == NOTHING


def test_who_is_no_member_has_none(client, make, circle):
    elsewhere = make.member(make.organization())
    for user_id in (elsewhere.user_id, make.user().id, circle.org.id):
        path = path_of(circle, user_id)

        assert client.get(path, headers=circle.as_owner).status_code == 404
        assert client.patch(path, json={}, headers=circle.as_owner).status_code == 404


def test_it_takes_a_recent_sign_in(client, make, circle):
    old = make.bearer(circle.owner, signed_in_ago=timedelta(hours=1))

    reply = client.patch(path_of(circle, circle.join().user_id), json={}, headers=old)

    assert told(reply) == (403, "REAUTHENTICATION_REQUIRED")


EXEMPT, REQUIRED = {"mfa_override_mode": "exempt"}, {"mfa_override_mode": "required"}
INHERIT = {"mfa_override_mode": "inherit"}
# Who changes what of whom. Whoever it is has ``required`` and a forced app already.
REACH = [
    ("owner", "owner", EXEMPT, 200),
    ("owner", "admin", EXEMPT, 200),
    ("admin", "admin", EXEMPT, 200),
    ("admin", "member", EXEMPT, 200),
    ("admin", "owner", EXEMPT, 403),
    ("admin", "owner", {"force_webauthn": True}, 403),
    ("owner", "self", EXEMPT, 403),
    ("admin", "self", EXEMPT, 403),
    ("owner", "self", INHERIT, 403),
    ("owner", "self", {"force_totp": False}, 403),
    ("owner", "self", {"force_webauthn": True}, 200),
    ("owner", "self", REQUIRED, 200),
]


@pytest.mark.parametrize(("who", "whom", "change", "status"), REACH)
def test_nobody_demands_less_of_themselves_or_of_those_above(
    client, make, demanding, who, whom, change, status
):
    """Threat 174."""
    place = demanding(Mode.OPTIONAL, demands_since=None)
    caller = place.join(Role(who))
    target = caller if whom == "self" else place.join(Role(whom))
    place.override(target.user_id, override="required", force_totp=True)
    if whom == "self":
        # Or the gate would ask for the app before anything.
        place.make.change(place.policy, grace_days=365)

    reply = client.patch(path_of(place, target.user_id), json=change, headers=make.bearer(caller))

    assert reply.status_code == status, reply.text


def test_what_is_demanded_of_one_binds_that_one(client, make, demanding):
    """Threat 132: forced methods, and grace that begins with what is new alone."""
    place = demanding(Mode.OPTIONAL, demands_since=None)
    boss, member, other = make.bearer(place.join(Role.OWNER)), place.join(), place.join()
    headers, path = make.bearer(member), path_of(place, member.user_id)

    def status_after(**fields) -> tuple[str, list[str]]:
        changed = client.patch(path, json=fields, headers=boss)
        assert changed.status_code == 200, changed.text
        own = client.get("/api/v1/users/me/mfa-compliance", headers=headers).json["data"]
        return own["overall_status"], own["missing_methods"]

    assert status_after() == ("not_applicable", [])
    assert status_after(mfa_override_mode="required") == ("in_grace", ["totp_or_webauthn"])
    assert status_after(force_totp=True) == ("in_grace", ["totp"])
    make.change(place.policy, grace_days=0)
    assert told(client.get(place.path(), headers=headers)) == SHUT_OUT
    assert client.get(place.path(), headers=make.bearer(other)).status_code == 200
    make.change(place.policy, grace_days=14)
    place.suspend(member.user_id)
    assert status_after(mfa_override_mode="inherit") == ("suspended", ["totp"])
    # What was not demanded before: grace begins anew, and the suspension was for something else.
    assert status_after(force_webauthn=True) == ("in_grace", ["totp", "webauthn"])
    assert status_after(mfa_override_mode="exempt") == ("not_applicable", [])
    assert client.get(place.path(), headers=headers).status_code == 200


def test_nothing_is_kept_of_a_deleted_account(client, make, demanding):
    place = demanding()
    user = make.user()
    place.join(user=user)
    place.override(user.id, override="required")
    place.suspend(user.id)

    gone = client.delete("/api/v1/users/me", json={"password": PASSWORD}, headers=make.bearer(user))

    assert gone.status_code == 200, gone.text
    with place.runtime.reading() as db:
        for kind in (PersonalPolicy, Compliance):
            assert db.scalar(select(kind.id).where(kind.user_id == user.id)) is None


def test_who_comes_back_has_nothing_of_it(client, make, demanding):
    place = demanding(Mode.OPTIONAL, demands_since=None)
    boss, user = make.bearer(place.join(Role.OWNER)), make.user()
    place.join(user=user)
    place.override(user.id, override="exempt")
    place.suspend(user.id)
    assert client.delete(place.path(f"/members/{user.id}"), headers=boss).status_code == 200

    again = {"email": user.email, "role": "member"}
    assert client.post(place.path("/members"), json=again, headers=boss).status_code == 201

    found = client.get(path_of(place, user.id), headers=boss).json["data"]
    assert found["user_security_policy"]["mfa_override_mode"] == "inherit"
