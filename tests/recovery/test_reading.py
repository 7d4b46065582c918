"""Operators and admins see that somebody has factors, and nothing of how they are used."""

import pytest

from tests.organizations.people import MANAGERS, Circle
from tests.recovery.people import Lost

SECRET = ("secret-of-app", "public-key", "hash-of-code", "credential")


def test_an_operator_sees_what_is_there(lost: Lost):
    lost.add_passkey(lost.person.id, "Kim's own key")

    reply = lost.http.get(lost.path("factors"), headers=lost.as_operator)

    seen = reply.json["data"]["factors"]
    (passkey,) = seen.pop("passkeys")
    assert seen.pop("totp_verified_at") is not None
    assert seen == {"totp_enabled": True, "recovery_codes_remaining": 1}
    assert passkey["name"] == "Kim's own key"
    assert set(passkey) == {"name", "created_at", "last_used_at", "is_synced"}
    assert not any(word in reply.text for word in SECRET)


def test_an_admin_sees_no_words_of_the_person(lost: Lost):
    lost.add_passkey(lost.person.id, "Kim's own key")

    reply = lost.http.get(lost.org_path("factors"), headers=lost.as_admin)

    seen = reply.json["data"]["factors"]
    assert seen["totp_enabled"] is True
    assert [set(each) for each in seen["passkeys"]] == [{"created_at", "last_used_at", "is_synced"}]
    assert not any(word in reply.text for word in (*SECRET, "Kim"))


def test_who_has_none_is_shown_to_have_none(lost: Lost):
    reply = lost.http.get(lost.path("factors", user_id=lost.operator.id), headers=lost.as_operator)

    assert reply.json["data"]["factors"] == {
        "totp_enabled": False,
        "totp_verified_at": None,
        "passkeys": [],
        "recovery_codes_remaining": 0,
    }


@pytest.mark.parametrize("kind", MANAGERS)
def test_who_sees_the_factors_of_a_member(lost: Lost, make, kind: str):
    circle = Circle(make)
    path = circle.path(f"/users/{circle.join().user_id}/factors")

    reply = lost.http.get(path, headers=circle.headers(kind))

    assert reply.status_code == MANAGERS[kind]


def test_nobody_sets_or_removes_the_factors_of_others(lost: Lost):
    for path, headers in (
        (lost.path("factors"), lost.as_operator),
        (lost.org_path("factors"), lost.as_admin),
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            reply = lost.http.open(path, method=method, headers=headers)
            assert reply.status_code == 405, method
