"""Clients end tokens of their own (REV-01..07)."""

from typing import Any

from tests.relying import Person, Rp


def test_an_access_token_is_ended_alone(person: Person, rp: Rp):
    """REV-01, 07: a hint is no more than that."""
    tokens = person.tokens_for(rp, scope="openid offline_access")

    answer = rp.revoke(tokens["access_token"], token_type_hint="refresh_token")

    assert (answer.status_code, answer.data) == (200, b"")
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    again = rp.refresh(tokens["refresh_token"])
    assert again.status_code == 200
    assert rp.userinfo(again.json["access_token"]).status_code == 200
    assert rp.revoke(tokens["access_token"]).status_code == 200


def test_a_refresh_token_takes_all_of_its_family_along(person: Person, rp: Rp):
    """REV-02, 07; RT-13: the last one and a spent one alike."""
    for is_spent in (False, True):
        tokens = person.tokens_for(rp, scope="openid offline_access")
        second = rp.refresh(tokens["refresh_token"]).json
        shown = tokens if is_spent else second

        hint = "nonsense" if is_spent else "access_token"
        assert rp.revoke(shown["refresh_token"], token_type_hint=hint).status_code == 200

        for each in (tokens, second):
            assert rp.userinfo(each["access_token"]).status_code == 401
        assert rp.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_what_is_not_ones_own_is_left_alone(person: Person, rp: Rp, make_rp: Any):
    """REV-03, 05, threat 42: and nobody is told."""
    other = make_rp()
    tokens = person.tokens_for(rp, scope="openid offline_access")

    for token in (tokens["access_token"], tokens["refresh_token"], "nonsense", "grt_x", "é"):
        answer = other.revoke(token)
        assert (answer.status_code, answer.data) == (200, b"")

    assert rp.userinfo(tokens["access_token"]).status_code == 200
    assert rp.refresh(tokens["refresh_token"]).status_code == 200


def test_who_asks_has_to_say_who_they_are(person: Person, rp: Rp):
    """REV-04, 06."""
    access = person.tokens_for(rp)["access_token"]

    assert rp.http.post("/oidc/revoke", data={"token": access}).status_code == 401
    named = {"token": access, "client_id": rp.client_id}
    assert rp.http.post("/oidc/revoke", data=named).status_code == 401
    missing = rp.revoke("")
    assert (missing.status_code, missing.json["error"]) == (400, "invalid_request")
    assert rp.userinfo(access).status_code == 200


def test_a_public_client_ends_its_own_tokens(person: Person, make_rp: Any):
    """REV-04: it has nothing but its name, and the token."""
    rp, other = (make_rp(token_endpoint_auth_method="none") for _ in range(2))
    tokens = person.tokens_for(rp, scope="openid offline_access")

    assert other.revoke(tokens["refresh_token"]).status_code == 200
    assert rp.userinfo(tokens["access_token"]).status_code == 200
    assert rp.revoke(tokens["refresh_token"]).status_code == 200
    assert rp.userinfo(tokens["access_token"]).status_code == 401
