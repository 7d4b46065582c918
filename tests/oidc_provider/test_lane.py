"""The fast lane and the usual way answer byte for byte the same."""

from typing import Any

import pytest
from flask import Flask

from tests.lanes import BothWays, seen
from tests.relying import Person, Rp, basic

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def both(open_app: Flask) -> BothWays:
    return BothWays(open_app)


def test_answers_are_the_same(person: Person, rp: Rp, both: BothWays):
    tokens = person.tokens_for(rp, scope="openid email profile")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    proof = basic(rp.client_id)
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/oidc/userinfo", {"headers": bearer}),
        ("GET", "/oidc/userinfo", {}),
        ("GET", "/oidc/userinfo", {"headers": {"Authorization": "Bearer x.y.z"}}),
        ("POST", "/oidc/userinfo", {"data": {"access_token": tokens["access_token"]}}),
        ("POST", "/oidc/introspect", {"headers": proof, "data": {"token": "x"}}),
        ("POST", "/oidc/introspect", {"headers": proof, "data": {"token": tokens["access_token"]}}),
        ("POST", "/oidc/introspect", {"headers": proof}),
        ("POST", "/oidc/introspect", {"headers": basic("nobody"), "data": {"token": "x"}}),
        ("POST", "/oidc/token", {"headers": proof, "data": {"grant_type": "password"}}),
        ("POST", "/oidc/token", {"headers": proof, "json": {"grant_type": "password"}}),
        ("POST", "/oidc/token", {"headers": proof, "data": b"a=1&a=2", "content_type": FORM}),
        ("POST", "/oidc/token", {"headers": proof, "data": b"\xff", "content_type": FORM}),
        ("POST", "/oidc/token", {"headers": proof, "data": b"x" * 70_000, "content_type": FORM}),
        ("OPTIONS", "/oidc/token", {}),
        ("GET", "/oidc/token", {}),
        ("PUT", "/oidc/userinfo", {}),
        ("HEAD", "/oidc/userinfo", {"headers": bearer}),
    ]
    for method, path, options in cases:
        fast, usual = both(method, path, **options)

        assert seen(fast) == seen(usual), (method, path, options)
    # One is too long, one has no length, and one is of another method.
    assert both.taken == len([path for method, path, _ in cases if method in ("GET", "POST")]) - 3


def test_a_token_that_is_made_in_the_lane_is_like_any_other(make_rp: Any, both: BothWays):
    rp = make_rp(grant_types=["client_credentials"], scopes=["api:read"])
    sent = {"headers": basic(rp.client_id), "data": {"grant_type": "client_credentials"}}

    fast, usual = both("POST", "/oidc/token", **sent)

    assert fast.status == usual.status
    assert {**fast.json, "access_token": ""} == {**usual.json, "access_token": ""}
    ours, theirs = (rp.read(answer.json["access_token"]) for answer in (fast, usual))
    assert ours.header == theirs.header
    assert set(ours.claims) == set(theirs.claims)
