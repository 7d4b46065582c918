"""Access tokens as resource servers read them (RFC 9068, RFC 8707)."""

from typing import Any
from uuid import UUID

import pytest

from gatehouse.core.roles import Role
from gatehouse.oidc_provider.service.tokens import half_hash
from tests.factories import Factory
from tests.relying import ISSUER, Person, Rp, answer_of

API, OTHER = "https://api.example.com/v1", "https://reports.example.com/"


@pytest.fixture
def rp(make_rp: Any) -> Rp:
    return make_rp(resources=[API, OTHER])


def test_a_token_for_a_resource_says_all_that_it_needs(
    person: Person, make_rp: Any, make: Factory, user: Any
):
    """AT-01: RFC 9068 2.2, with roles and groups where they were asked for."""
    org = make.organization()
    member = make.member(org, Role.ADMIN, user=user)
    department = make.department(org, member)
    api = f"https://api.example.com/{user.id}"
    rp = make_rp(org, resources=[api])

    tokens = person.tokens_for(rp, resource=api, scope="openid email roles groups")

    token = rp.read(tokens["access_token"])
    assert (token.header["typ"], token.header["alg"]) == ("at+jwt", "ES256")
    said = token.claims
    assert said["iss"] == ISSUER
    assert said["aud"] == api
    assert said["sub"] == str(user.id)
    assert said["client_id"] == rp.client_id
    assert said["exp"] - said["iat"] == 600
    assert said["scope"] == "openid email roles groups"
    assert said["acr"] == "pwd"
    assert said["amr"] == ["pwd"]
    assert isinstance(said["auth_time"], int)
    assert (said["roles"], said["groups"]) == (["admin"], [department.name])
    assert said["jti"]
    assert UUID(said["gid"])
    assert "email" not in said


@pytest.mark.parametrize(
    "resource",
    [
        "https://api.example.com/v2",
        "https://api.example.com/v1/",
        "https://API.example.com/v1",
        "api",
        "https://api.example.com/v1#x",
        f"{ISSUER}/api/v1",
        ISSUER,
    ],
)
def test_what_a_client_may_not_ask_for_is_refused(person: Person, rp: Rp, resource: str):
    """AT-02: at both endpoints."""
    page = person.open(rp.url(resource=resource))
    assert answer_of(page.headers["Location"])["error"] == "invalid_target"

    answer = rp.redeem(person.code_for(rp, resource=API), resource=resource)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")


def test_each_token_is_for_what_is_asked_for_now(person: Person, rp: Rp):
    """AT-05, AT-06: of what was granted, one or several at a time."""
    code = person.code_for(rp, resource=[API, OTHER], scope="openid offline_access")
    both = rp.redeem(code).json
    assert set(rp.read(both["access_token"]).claims["aud"]) == {API, OTHER}
    assert rp.userinfo(both["access_token"]).status_code == 401  # It is for them, not for us.

    for one in (API, OTHER):
        both = rp.refresh(both["refresh_token"], resource=one).json
        assert rp.read(both["access_token"]).claims["aud"] == one

    only = person.code_for(rp, resource=API)
    assert rp.redeem(only, resource=OTHER).json["error"] == "invalid_target"


def test_a_hash_is_of_the_algorithm_or_not_at_all():
    """Threat 71: an at_hash that is left out, or of another length, passes for none with no one."""
    assert [len(half_hash("x", alg)) for alg in ("RS256", "PS256", "ES256")] == [22, 22, 22]
    assert [len(half_hash("x", alg)) for alg in ("EdDSA", "Ed25519")] == [43, 43]
