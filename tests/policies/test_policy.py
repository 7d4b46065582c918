"""What an organization demands: read, changed, previewed, refused."""

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.core.roles import Role
from gatehouse.policies.rules import Mode
from tests.accounts.together import at_once
from tests.audit.record import entries_of, entry_of
from tests.conftest import client_of
from tests.organizations.people import ERRORS, KINDS, MANAGERS, READERS, Circle
from tests.policies.demands import ago, told
from tests.sink import certificate

POLICY = "/security-policy"
DEFAULTS = {
    "mfa_policy_mode": "optional",
    "mfa_grace_period_days": 14,
    "notify_days_before": 7,
    "policy_version": 0,
    "allowed_aaguids": [],
}
AAGUID = "ee882879-721c-4913-9775-3dfcce97072a"


def read(client, circle: Circle):
    reply = client.get(circle.path(POLICY), headers=circle.as_owner)
    assert reply.status_code == 200, reply.text
    return reply.json["data"]["security_policy"]


def put(client, circle: Circle, query: str = "", **fields):
    return client.put(circle.path(POLICY) + query, json=fields, headers=circle.as_owner)


def test_where_nobody_has_said_anything_nothing_is_demanded(client, circle):
    assert read(client, circle) == {"organization_id": str(circle.org.id), **DEFAULTS}


def test_what_is_not_sent_stays(client, circle):
    first = put(client, circle, mfa_policy_mode="require_totp", mfa_grace_period_days=30)
    second = put(client, circle, notify_days_before=3)

    assert (first.status_code, second.status_code) == (200, 200), first.text
    assert list(second.json["data"]) == ["security_policy"]
    assert second.json["data"]["security_policy"] == read(client, circle)
    changed = {"mfa_policy_mode": "require_totp", "mfa_grace_period_days": 30}
    assert read(client, circle) == {
        "organization_id": str(circle.org.id),
        **(DEFAULTS | changed | {"notify_days_before": 3, "policy_version": 2}),
    }


def test_each_real_change_is_on_record_with_what_it_was(client, circle):
    put(client, circle, mfa_policy_mode="require_totp", mfa_grace_period_days=30)

    changed = put(client, circle, mfa_policy_mode="disabled", mfa_grace_period_days=30)
    nothing = put(client, circle, mfa_policy_mode="disabled", notify_days_before=7)
    empty = put(client, circle)

    entry = entry_of(client, changed)
    assert (entry.action, entry.org_id) == ("policy.changed", circle.org.id)
    assert entry.details == {
        "version": 2,
        "fields": ["mode"],
        "old": ["require_totp"],
        "new": ["disabled"],
    }
    assert [reply.status_code for reply in (nothing, empty)] == [200, 200]
    assert entries_of(client, nothing) == entries_of(client, empty) == []
    assert read(client, circle)["policy_version"] == 2


WRONG = [
    ({"mfa_policy_mode": "always"}, "mfa_policy_mode"),
    ({"mfa_policy_mode": None}, "mfa_policy_mode"),
    ({"mfa_policy_mode": ["require_totp"]}, "mfa_policy_mode"),
    *(
        ({name: value}, name)
        for name, most in (("mfa_grace_period_days", 365), ("notify_days_before", 30))
        for value in (-1, most + 1, 1.5, "7", True, None, [], 10**30)
    ),
    ({"allowed_aaguids": "all"}, "allowed_aaguids"),
    ({"allowed_aaguids": None}, "allowed_aaguids"),
    ({"allowed_aaguids": [AAGUID]}, "allowed_aaguids"),
    ({"allowed_aaguids": ["yubikey"]}, "allowed_aaguids.0"),
    ({"allowed_aaguids": [AAGUID, 5]}, "allowed_aaguids.1"),
    ({"allowed_aaguids": [AAGUID, AAGUID.upper()]}, "allowed_aaguids.1"),
    ({"allowed_aaguids": [AAGUID, "0" * 32]}, "allowed_aaguids.1"),
    ({"allowed_aaguids": [f"{i:032x}" for i in range(1, 102)]}, "allowed_aaguids"),
    ({"policy_version": 9}, "policy_version"),
    ({"mode": "disabled"}, "mode"),
]


def test_what_is_wrong_is_named_and_nothing_is_stored(client, circle):
    for sent, where in WRONG:
        for query in ("", "?dry_run=true"):
            reply = put(client, circle, query, **{"notify_days_before": 1, **sent})

            assert told(reply) == (400, "VALIDATION_ERROR"), (sent, reply.text)
            found = reply.json["error"]["details"]
            for part in where.split("."):
                found = found[part]
            assert found, sent
    for models, says in (("all", "Must be a list."), (["yubikey"], "Must be an id such as")):
        assert says in put(client, circle, allowed_aaguids=models).text
    assert put(client, circle, "?dry_run=perhaps", notify_days_before=1).status_code == 400
    misspelt = put(client, circle, "?dryrun=true", notify_days_before=1)
    assert "Did you mean dry_run?" in misspelt.json["error"]["details"]["dryrun"][0]
    assert read(client, circle) == {"organization_id": str(circle.org.id), **DEFAULTS}


def test_models_are_listed_where_makers_are_believed(make_app, make, circle, tmp_path, address):
    roots, _ = certificate(tmp_path, "maker.example")
    http = client_of(make_app(WEBAUTHN_ATTESTATION_ROOTS=str(roots)), address)
    other = "08987058-cadc-4b81-b6e1-30de50dcbe96"

    changed = put(http, circle, allowed_aaguids=[AAGUID.upper(), other])

    assert changed.status_code == 200, changed.text
    assert read(http, circle)["allowed_aaguids"] == [other, AAGUID]
    assert entry_of(http, changed).details["new"] == [f"{other}, {AAGUID}"]
    assert entries_of(http, put(http, circle, allowed_aaguids=[AAGUID, other])) == []
    assert put(http, circle, allowed_aaguids=[]).status_code == 200
    assert read(http, circle)["policy_version"] == 2


def test_it_takes_a_recent_sign_in(client, make, circle):
    old = make.bearer(circle.owner, signed_in_ago=timedelta(hours=1))

    reply = client.put(circle.path(POLICY), json={}, headers=old)

    assert told(reply) == (403, "REAUTHENTICATION_REQUIRED")


ROUTES = [
    ("GET", POLICY, READERS),
    ("PUT", POLICY, MANAGERS),
    ("PUT", f"{POLICY}?dry_run=true", MANAGERS),
    ("GET", "/mfa-compliance", MANAGERS),
    ("GET", "/users/{user}/security-policy", MANAGERS),
    ("PATCH", "/users/{user}/security-policy", MANAGERS),
    ("POST", "/members/{user}/send-mfa-reminder", MANAGERS | {"owner": 409, "admin": 409}),
]


@pytest.mark.parametrize(("method", "path", "gets"), ROUTES)
def test_everybody_gets_what_their_role_allows(client, circle, method, path, gets):
    """Threats 169 and 188."""
    path = circle.path(path.format(user=circle.join().user_id))
    for kind in KINDS:
        body = None if method in ("GET", "POST") else {}
        reply = client.open(path, method=method, json=body, headers=circle.headers(kind))

        assert reply.status_code == gets[kind], (kind, reply.text)
        if reply.status_code in (401, 403, 404):
            assert reply.json["error"]["type"] == ERRORS[kind]


def test_two_admins_at_once_lose_nothing_of_each_other(app, client, make, circle, address):
    """Threat 175."""
    headers = [make.bearer(circle.owner), make.bearer(circle.join(Role.ADMIN))]
    changes = [{"mfa_grace_period_days": 30}, {"notify_days_before": 3}]

    def change(number: int):
        http = client_of(app, address)
        return http.put(circle.path(POLICY), json=changes[number], headers=headers[number])

    replies = at_once(lambda: change(0), lambda: change(1))

    assert [reply.status_code for reply in replies] == [200, 200]
    after = read(client, circle)
    assert (after["mfa_grace_period_days"], after["notify_days_before"]) == (30, 3)
    assert after["policy_version"] == 2


def test_a_preview_tells_who_would_be_shut_out_and_changes_nothing(client, make, demanding):
    place = demanding(Mode.OPTIONAL, demands_since=None, version=0)
    boss = place.join(Role.OWNER)
    with_app, exempt, without = place.join(), place.join(), place.join(user=make.user())
    place.give_app(with_app.user_id)
    place.override(exempt.user_id, override="exempt")
    headers = make.bearer(boss)
    strict = {"mfa_policy_mode": "require_totp", "mfa_grace_period_days": 0}

    def preview(**fields):
        reply = client.put(place.path(f"{POLICY}?dry_run=true"), json=fields, headers=headers)
        assert reply.status_code == 200, reply.text
        assert entries_of(client, reply) == []
        return reply.json["data"]

    found = preview(**strict)
    assert found["security_policy"]["mfa_policy_mode"] == "require_totp"
    assert found["security_policy"]["policy_version"] == 1
    told_of = found["preview"]
    assert told_of["statuses"] == {
        "not_applicable": 1,
        "compliant": 1,
        "in_grace": 0,
        "past_due": 2,
        "suspended": 0,
    }
    # The admin who asks is told that they do not meet it themselves.
    assert [each["user_id"] for each in told_of["shut_out"]] == [
        str(boss.user_id),
        str(without.user_id),
    ]
    assert set(told_of["shut_out"][0]) == {"user_id", "email", "name"}
    assert (told_of["shut_out_count"], told_of["will_be_due"]) == (2, 0)

    lenient = preview(mfa_policy_mode="require_totp_or_webauthn")["preview"]
    assert (lenient["shut_out"], lenient["will_be_due"]) == ([], 2)
    deadline = datetime.fromisoformat(lenient["deadline_at"])
    assert timedelta(days=13, hours=23) < deadline - datetime.now(UTC) <= timedelta(days=14)
    after = client.get(place.path(POLICY), headers=headers).json["data"]["security_policy"]
    assert (after["mfa_policy_mode"], after["policy_version"]) == ("optional", 0)

    assert client.put(place.path(POLICY), json=strict, headers=headers).status_code == 200
    assert told(client.get(place.path(), headers=headers)) == (403, "MFA_COMPLIANCE_REQUIRED")


def test_who_is_shut_out_already_is_not_told_again(client, make, demanding):
    place = demanding(demands_since=ago(days=20))
    boss = place.join(Role.ADMIN)
    place.join()
    place.override(boss.user_id, override="exempt")

    reply = client.put(
        place.path(f"{POLICY}?dry_run=true"),
        json={"mfa_grace_period_days": 10},
        headers=make.bearer(boss),
    )

    told_of = reply.json["data"]["preview"]
    assert (told_of["shut_out_count"], told_of["shut_out"]) == (0, [])
    assert told_of["statuses"]["past_due"] == 1


def test_grace_begins_anew_with_what_was_not_demanded_before(client, make, demanding):
    """Threat 132: a changed policy."""
    place = demanding()
    boss, member = place.join(Role.OWNER), place.join()
    place.override(boss.user_id, override="exempt")
    headers = make.bearer(boss)

    def status_after(**fields) -> str:
        changed = client.put(place.path(POLICY), json=fields, headers=headers)
        assert changed.status_code == 200, changed.text
        listed = client.get(place.path("/mfa-compliance"), headers=headers).json["data"]["members"]
        return next(each["status"] for each in listed if each["user_id"] == str(member.user_id))

    assert status_after() == "past_due"
    assert status_after(mfa_policy_mode="require_totp_or_webauthn") == "past_due"
    assert status_after(mfa_grace_period_days=13) == "past_due"
    assert status_after(mfa_policy_mode="require_webauthn") == "in_grace"
    assert status_after(mfa_policy_mode="disabled") == "not_applicable"
    assert status_after(mfa_policy_mode="require_webauthn") == "in_grace"
    assert status_after(mfa_grace_period_days=0) == "past_due"
