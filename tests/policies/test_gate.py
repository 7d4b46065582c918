"""Everything of an organization is closed to who does not meet its policy, and nothing else is
(threats 80, 127, 132 and 186).
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.policies.rules import Mode
from gatehouse.sessions.service import open_session
from tests.conftest import client_of
from tests.factories import Factory
from tests.mfa.owners import Owner
from tests.organizations.people import Circle
from tests.policies.demands import SHUT_OUT, Demanding, ago, told
from tests.statements import statements_of
from tests.test_route_table import DOCUMENT, is_as_documented, routes_below, sent

ROUTES = [route for route in routes_below("/") if "org_id" in route.arguments]
# Nobody is kept in a place by its policy.
LEAVE = "POST /api/v1/organizations/<uuid:org_id>/leave"
CLOSED = [route for route in ROUTES if str(route) != LEAVE]
STEP_UP = (403, "STEP_UP_REQUIRED")
CONFIRM = "/api/v1/auth/reauthenticate"
Demand = Callable[..., Demanding]


def ids_of(place: Demanding) -> dict[str, Any]:
    """What routes of things need: the gate comes before it is looked for."""
    return {"org_id": place.org.id, "user_id": place.join().user_id}


def walk(http: FlaskClient, place: Demanding, headers: dict[str, str]) -> dict[str, Any]:
    """What every route but the way out answers."""
    ids = ids_of(place)
    return {str(route): sent(http, route, ids, headers=headers) for route in CLOSED}


def test_the_table_holds_every_route_of_an_organization(app: Flask):
    mounted = [rule for rule in app.url_map.iter_rules() if "org_id" in rule.arguments]
    methods = [each for rule in mounted for each in rule.methods - {"HEAD", "OPTIONS"}]

    assert len(ROUTES) == len(methods) == len(CLOSED) + 1
    assert len(ROUTES) > 50


@pytest.mark.parametrize("is_suspended", [False, True])
def test_who_is_late_gets_nowhere_but_out(
    client: FlaskClient, make: Factory, demanding: Demand, *, is_suspended: bool
):
    """Threat 80: an owner, so that no permission is in the way."""
    place = demanding(grace_days=1)
    boss, _ = place.join(Role.OWNER), place.join(Role.OWNER)
    if is_suspended:
        place.suspend(boss.user_id)
    headers = make.bearer(boss)

    replies = walk(client, place, headers)

    assert {route: told(reply) for route, reply in replies.items()} == dict.fromkeys(
        replies, SHUT_OUT
    )
    assert all(is_as_documented(route, replies[str(route)]) for route in CLOSED)
    assert place.org.slug not in "".join(reply.text for reply in replies.values())
    left = client.post(place.path("/leave"), headers=headers)
    assert left.status_code == 200, left.text


def test_the_refusal_says_what_to_do(client: FlaskClient, make: Factory, demanding: Demand):
    place = demanding(Mode.REQUIRE_WEBAUTHN, grace_days=0)

    reply = client.get(place.path(), headers=make.bearer(place.join()))

    details = reply.json["error"]["details"]
    assert details == {
        "overall_status": "past_due",
        "organization_id": str(place.org.id),
        "missing_methods": ["webauthn"],
        "deadline_at": details["deadline_at"],
    }
    assert details["deadline_at"].startswith("2026-01-01")
    assert "/security" in reply.json["message"]


def test_strangers_and_barred_members_are_told_of_no_policy(
    client: FlaskClient, make: Factory, demanding: Demand
):
    place = demanding()
    barred = place.join(suspended_at=ago(days=1))

    assert client.get(place.path(), headers=make.bearer(make.user())).status_code == 404
    reply = client.get(place.path(), headers=make.bearer(barred))
    assert told(reply) == (403, "MEMBERSHIP_SUSPENDED")


def test_setting_it_up_opens_all_at_once(owner: Owner, demanding: Demand):
    """Threat 132: the session that did it has used it."""
    place = demanding()
    place.join(Role.ADMIN, user=owner.user)
    assert told(owner.http.get(place.path(), headers=owner.headers)) == SHUT_OUT

    owner.enrol()

    assert owner.http.get(place.path(), headers=owner.headers).status_code == 200


def test_a_session_has_to_have_used_the_factor(owner: Owner, demanding: Demand):
    """Threat 127: whatever opened it."""
    place = demanding(Mode.REQUIRE_EITHER)
    place.join(Role.OWNER, user=owner.user)
    owner.enrol()
    by_password = owner.make.bearer(owner.user)

    replies = walk(owner.http, place, by_password)

    assert {told(reply) for reply in replies.values()} == {STEP_UP}
    assert replies[str(CLOSED[0])].json["error"]["details"] == {
        "acr_values": "mfa",
        "max_age": 600,
    }
    code = {"code": owner.app.now()}
    assert owner.http.post(CONFIRM, json=code, headers=by_password).status_code == 200
    after = walk(owner.http, place, by_password)
    assert not {reply.status_code for reply in after.values()} & {401, 403, 500}


def test_a_recovery_code_opens_as_the_app_does(owner: Owner, demanding: Demand):
    place = demanding()
    place.join(user=owner.user)
    codes = owner.enrol()["backup_codes"]
    signed_in = owner.answer(owner.begin()["mfa_token"], codes[0], is_backup_code=True)
    headers = {"Authorization": f"Bearer {signed_in.json['data']['token']}"}

    assert owner.http.get(place.path(), headers=headers).status_code == 200


def test_a_demand_binds_where_it_was_made_and_nowhere_else(
    owner: Owner, make: Factory, demanding: Demand, circle: Circle
):
    """Threat 132: two organizations, and each binds by itself."""
    strict, lenient = demanding(), demanding(Mode.REQUIRE_EITHER, demands_since=ago(days=1))
    for place in (strict, lenient):
        place.join(user=owner.user)
    make.member(circle.org, user=owner.user)

    assert told(owner.http.get(strict.path(), headers=owner.headers)) == SHUT_OUT
    for path in (lenient.path(), circle.path(), "/api/v1/users/me", "/api/v1/auth/totp/status"):
        assert owner.http.get(path, headers=owner.headers).status_code == 200, path


# What is demanded; what the session has used, and which key; what the gate says.
A_KEY, A_CODE, A_PASSWORD = ("hwk", "pin"), ("pwd", "otp"), ("pwd",)
LISTED = uuid4()
USED = [
    (Mode.REQUIRE_WEBAUTHN, False, A_CODE, None, "phr"),
    (Mode.REQUIRE_WEBAUTHN, False, A_KEY, None, ""),
    (Mode.REQUIRE_WEBAUTHN, True, A_KEY, None, "phr"),
    (Mode.REQUIRE_WEBAUTHN, True, A_KEY, uuid4(), "phr"),
    (Mode.REQUIRE_WEBAUTHN, True, A_KEY, LISTED, ""),
    (Mode.REQUIRE_EITHER, True, A_PASSWORD, None, "mfa"),
    (Mode.REQUIRE_EITHER, True, A_KEY, uuid4(), "mfa"),
    (Mode.REQUIRE_EITHER, True, A_KEY, LISTED, ""),
    (Mode.REQUIRE_EITHER, True, A_CODE, None, ""),
    (Mode.REQUIRE_TOTP, True, A_KEY, uuid4(), ""),
]


def test_what_a_session_used_is_what_is_demanded(
    client: FlaskClient, runtime: Runtime, demanding: Demand
):
    for mode, lists_models, amr, model, wanted in USED:
        place = demanding(mode, allowed_aaguids=[str(LISTED)] if lists_models else [])
        user_id = place.join().user_id
        place.give_app(user_id)
        place.give_passkey(user_id, model=LISTED, is_attested=True)
        with unit_of_work(runtime, Origin()) as ctx:
            token, _ = open_session(ctx, user_id, amr=amr, model=model)

        reply = client.get(place.path(), headers={"Authorization": f"Bearer {token}"})

        if wanted:
            assert told(reply) == STEP_UP, (mode, amr)
            assert reply.json["error"]["details"]["acr_values"] == wanted
        else:
            assert reply.status_code == 200, (mode, amr, reply.text)


def test_only_models_that_are_listed_and_vouched_for_count(
    client: FlaskClient, make: Factory, demanding: Demand
):
    place = demanding(Mode.REQUIRE_EITHER, allowed_aaguids=[str(LISTED)])
    member = place.join()
    place.give_passkey(member.user_id, model=uuid4(), is_attested=True)
    place.give_passkey(member.user_id, model=LISTED)

    assert told(client.get(place.path(), headers=make.bearer(member))) == SHUT_OUT


def test_a_change_holds_on_every_worker_with_the_next_request(
    make_app: Any, make: Factory, demanding: Demand, address: str
):
    """Threat 186: nothing of a policy is remembered."""
    place = demanding(Mode.OPTIONAL, demands_since=None)
    boss, member = make.bearer(place.join(Role.OWNER)), make.bearer(place.join())
    here, elsewhere = (client_of(make_app(), address) for _ in range(2))
    assert elsewhere.get(place.path(), headers=member).status_code == 200

    strict = {"mfa_policy_mode": "require_totp", "mfa_grace_period_days": 0}
    changed = here.put(place.path("/security-policy"), json=strict, headers=boss)

    assert changed.status_code == 200
    assert told(elsewhere.get(place.path(), headers=member)) == SHUT_OUT


def test_no_door_leads_around_it(client: FlaskClient, make: Factory, demanding: Demand):
    """What reaches over several organizations reaches none that is closed."""
    place = demanding()
    boss, member = place.join(Role.OWNER), place.join()
    headers = make.bearer(boss)
    suspend = f"/api/v1/admin/users/{member.user_id}/suspend"
    records, people = "/api/v1/audit-logs", "/api/v1/admin/users"
    assert client.get(f"/api/v1/admin/users/{member.user_id}", headers=headers).status_code == 403
    assert client.get(people, headers=headers).status_code == 403
    assert client.post(suspend, headers=headers).status_code == 403
    listed = client.get(records, headers=headers)
    assert not listed.is_json or str(place.org.id) not in listed.text

    place.override(boss.user_id, override="exempt")

    assert client.get(people, headers=headers).status_code == 200
    assert client.post(suspend, headers=headers).status_code == 200
    assert str(place.org.id) in client.get(records, headers=headers).text


def test_what_there_is_to_hold_is_told_to_no_admin_who_is_shut_out(
    client: FlaskClient, make: Factory, demanding: Demand
):
    """Threat 177: the list of one's own principals shows admins those of others as well."""
    place = demanding()
    boss, principal = place.join(Role.OWNER), make.principal(place.org)
    headers, own = make.bearer(boss), "/api/v1/users/me/principals"

    shut_out = client.get(own, headers=headers)
    place.override(boss.user_id, override="exempt")

    assert (shut_out.status_code, principal.name in shut_out.text) == (200, False)
    assert principal.name in client.get(own, headers=headers).text


def test_the_gate_asks_the_database_once(
    client: FlaskClient, runtime: Runtime, make: Factory, demanding: Demand
):
    place = demanding(demands_since=ago(days=1))
    headers = make.bearer(place.join())
    client.get(place.path("/security-policy"), headers=headers)
    with statements_of(runtime) as statements:
        client.get(place.path("/security-policy"), headers=headers)

    asked = [each for each in statements if "compliances" in each]
    assert len(asked) == 1


def test_who_acts_for_nobody_is_not_asked(runtime: Runtime, make: Factory, demanding: Demand):
    """Jobs and operators on the host have no session that could use a factor."""
    place = demanding()
    place.join(Role.OWNER)
    with unit_of_work(runtime, Origin(), Actor(kind="job")) as ctx:
        assert ctx.runtime.jobs["purge_organizations"].run(ctx) >= 0


def test_the_document_says_so():
    paths = [DOCUMENT["paths"][path] for path in DOCUMENT["paths"] if "{org_id}" in path]
    said = [
        operation["responses"]["403"]["description"]
        for path in paths
        for method, operation in path.items()
        if method != "parameters"
    ]

    assert all("MFA_COMPLIANCE_REQUIRED" in each and "STEP_UP_REQUIRED" in each for each in said)
