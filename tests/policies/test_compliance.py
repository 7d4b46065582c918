"""How members stand: as their admins see it, and as they see it themselves."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.policies.models import Compliance
from gatehouse.policies.rules import Mode, Status
from tests.factories import PASSWORD
from tests.mfa.owners import LOGIN
from tests.policies.demands import LONG_AGO, Demanding, ago
from tests.statements import statements_of

OWN = "/api/v1/users/me/mfa-compliance"


@pytest.fixture
def place(demanding) -> Demanding:
    """Somebody of each status; whoever looks is exempt."""
    place = demanding()
    place.boss = place.join(Role.OWNER)
    place.override(place.boss.user_id, override="exempt")
    place.people = {
        "compliant": place.join(),
        "in_grace": place.join(created_at=ago(days=1)),
        "past_due": place.join(),
        "suspended": place.join(),
    }
    place.give_app(place.people["compliant"].user_id)
    place.suspend(place.people["suspended"].user_id)
    place.people["not_applicable"] = place.boss
    return place


def listed(client, place: Demanding, query: str = ""):
    headers = place.make.bearer(place.boss)
    reply = client.get(place.path(f"/mfa-compliance{query}"), headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json


def test_the_list_tells_how_everybody_stands(client, place):
    data = listed(client, place)["data"]

    assert (data["count"], data["page"], data["page_size"]) == (5, 1, 50)
    found = {each["user_id"]: each for each in data["members"]}
    told = {status: found[str(member.user_id)] for status, member in place.people.items()}
    assert {status: each["status"] for status, each in told.items()} == {s: s for s in Status}
    assert set(told["compliant"]) == {
        *("user_id", "user_email", "user_name", "status", "deadline_at", "compliant_at"),
        *("last_notified_at", "missing_methods"),
    }
    assert told["compliant"]["compliant_at"] is not None
    assert told["compliant"]["deadline_at"] is None
    assert told["compliant"]["missing_methods"] == []
    for status in ("in_grace", "past_due", "suspended"):
        assert told[status]["missing_methods"] == ["totp"]
        assert told[status]["compliant_at"] is None
    deadline = datetime.fromisoformat(told["past_due"]["deadline_at"])
    assert deadline == LONG_AGO + timedelta(days=14)


def test_the_start_page_tells_people_what_is_missing(client, place):
    said = {
        "in_grace": "demands an authenticator app of you from",
        "past_due": "demands an authenticator app of you. Until you have it",
        "suspended": "demands an authenticator app of you. Until you have it",
    }
    for status, member in place.people.items():
        client.set_cookie("gatehouse_session", place.make.session(member.user_id))
        page = client.get("/").text
        assert "Your account" in page
        assert ("A second factor is needed" in page) is (status in said)
        assert said.get(status, "") in page


@pytest.mark.parametrize("status", list(Status))
def test_it_is_filtered_by_status(client, place, status):
    reply = listed(client, place, f"?status={status}")

    (only,) = reply["data"]["members"]
    assert only["user_id"] == str(place.people[status].user_id)
    assert reply["data"]["count"] == reply["meta"]["pagination"]["total"] == 1


WINDOWS = [
    ("?page_size=2", 0, 2, 1),
    ("?page_size=2&page=3", 4, 2, 3),
    ("?page=2&page_size=4", 4, 4, 2),
    ("?limit=2", 0, 2, 1),
    ("?limit=2&offset=3", 3, 2, 2),
    ("?offset=4", 4, 50, 1),
    ("?page=9&page_size=100", 800, 100, 9),
]


def test_it_comes_in_pages(client, place):
    everybody = [each["user_id"] for each in listed(client, place)["data"]["members"]]
    for query, start, size, page in WINDOWS:
        reply = listed(client, place, query)

        data = reply["data"]
        shown = [each["user_id"] for each in data["members"]]
        assert shown == everybody[start : start + size], query
        assert (data["count"], data["page"], data["page_size"]) == (5, page, size), query
        assert reply["meta"]["pagination"]["per_page"] == size


@pytest.mark.parametrize(
    "query",
    [
        *("status=late", "status=", "page=0", "page_size=0", "page_size=101", "page=x"),
        *("limit=101", "limit=0", "offset=-1", "page=2&offset=5", "offset=10000"),
    ],
)
def test_an_odd_window_is_refused(client, place, query):
    headers = place.make.bearer(place.boss)

    reply = client.get(place.path(f"/mfa-compliance?{query}"), headers=headers)

    assert (reply.status_code, reply.json["error"]["type"]) == (400, "VALIDATION_ERROR")


def test_a_longer_list_asks_the_database_no_more(client, runtime, place):
    asked = []
    for _ in range(2):
        with statements_of(runtime) as statements:
            listed(client, place, "?page_size=100")
        asked.append(len(statements))
        with place.make.together():
            for _ in range(30):
                place.join()

    assert asked[0] == asked[1]


def test_who_meets_it_does_since_the_last_factor(client, demanding):
    place = demanding(Mode.REQUIRE_TOTP)
    place.boss = place.join(Role.OWNER)
    place.override(place.boss.user_id, override="exempt")
    member = place.join()
    place.override(member.user_id, force_webauthn=True)
    place.give_passkey(member.user_id, created_at=ago(days=3))
    (missing,) = listed(client, place, "?status=past_due")["data"]["members"]
    assert missing["missing_methods"] == ["totp"]

    place.give_app(member.user_id)

    (found,) = listed(client, place, "?status=compliant")["data"]["members"]
    assert datetime.fromisoformat(found["compliant_at"]) > ago(minutes=1)


def test_nobody_reads_the_factors_of_others(client, place):
    """Admins see how people stand, and nothing of what they have."""
    text = str(listed(client, place))

    assert "secret" not in text
    assert "credential" not in text


def own(client, headers):
    reply = client.get(OWN, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json["data"]


def test_ones_own_standing_is_told_over_all_places(client, make, demanding, circle):
    """Threat 132: the strictest counts, and it is told to whoever is shut out."""
    user = make.user()
    headers = make.bearer(user)
    assert own(client, headers) == {
        "overall_status": "not_applicable",
        "missing_methods": [],
        "deadline_at": None,
        "orgs": [],
    }
    late, due = demanding(), demanding(Mode.REQUIRE_EITHER, demands_since=ago(days=1))
    barred = demanding(Mode.REQUIRE_WEBAUTHN)
    for place in (late, due):
        place.join(user=user)
    barred.join(user=user, suspended_at=ago(days=1))
    make.member(circle.org, user=user)

    found = own(client, headers)

    assert found["overall_status"] == "past_due"
    assert found["missing_methods"] == ["totp"]
    assert datetime.fromisoformat(found["deadline_at"]) == LONG_AGO + timedelta(days=14)
    by_place = {UUID(each["organization_id"]): each for each in found["orgs"]}
    assert {org_id: each["status"] for org_id, each in by_place.items()} == {
        late.org.id: "past_due",
        due.org.id: "in_grace",
        circle.org.id: "not_applicable",
    }
    assert by_place[due.org.id]["organization_name"] == due.org.name
    assert by_place[due.org.id]["missing_methods"] == ["totp_or_webauthn"]
    assert client.get(OWN).status_code == 401


def test_a_sign_in_tells_what_is_demanded(client, make, demanding):
    user = make.user()
    credentials = {"email": user.email, "password": PASSWORD}
    free = client.post(LOGIN, json=credentials).json["data"]
    assert free["requires_mfa_enrollment"] is False
    assert free["mfa_compliance"]["overall_status"] == "not_applicable"
    place = demanding()
    place.join(user=user)

    signed_in = client.post(LOGIN, json=credentials).json["data"]

    assert signed_in["requires_mfa_enrollment"] is True
    (told,) = signed_in["mfa_compliance"]["orgs"]
    assert (told["organization_id"], told["status"]) == (str(place.org.id), "past_due")
    headers = {"Authorization": f"Bearer {signed_in['token']}"}
    assert own(client, headers) == signed_in["mfa_compliance"]


def test_the_export_holds_what_was_noted(client, make, place):
    member = place.people["suspended"]
    with unit_of_work(place.runtime, Origin()) as ctx:
        row = update(Compliance).where(Compliance.user_id == member.user_id)
        ctx.db.execute(row.values(last_notified_at=LONG_AGO))

    export = client.get("/api/v1/users/me/export", headers=make.bearer(member)).json["data"]

    (told,) = export["export"]["policies"]
    assert told["organization"] == place.org.name
    assert told["suspended_at"] is not None
    assert told["last_notified_at"].startswith("2026-01-01")
