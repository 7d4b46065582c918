"""What is said of a person, and to whom (CORE-38..53, 62..65; ruling 28; threat 192)."""

from typing import Any

import orjson
import pytest
from joserfc import jwt

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.logging import BLANK, blank
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.rules.claims import OURS, RESERVED, mapped
from tests.factories import Factory
from tests.relying import ISSUER, Person, Rp

BARE = 'Bearer realm="gatehouse"'
OTHER_SCHEMES = ("Basic dXNlcjpwYXNz", "Basic", "Negotiate x", "Token abc", "x", "")
PLACES = ["id_token", "userinfo", "access_token"]


def test_each_scope_gives_its_claims(person: Person, rp: Rp, user: User):
    """CORE-42, 43, 45, 46, 57: booleans are booleans, times numbers; what is empty is left out."""
    said = {}
    for scope in ("openid", "profile openid", "openid email", "openid address phone"):
        tokens = person.tokens_for(rp, scope=scope)
        found = rp.userinfo(tokens["access_token"]).json
        said[scope] = found
        identity = rp.read(tokens["id_token"]).claims
        assert found["sub"] == identity["sub"] == str(user.id)
        assert not {"email", "name"} & identity.keys()

    assert said["openid"].keys() == {"sub"}
    assert said["openid email"].keys() == {"sub", "email", "email_verified"}
    assert said["openid email"]["email_verified"] is True
    assert said["profile openid"]["name"] == "Kim Example"
    assert isinstance(said["profile openid"]["updated_at"], int)
    assert "picture" not in said["profile openid"]
    assert said["openid address phone"].keys() == {"sub"}


def test_claims_are_had_one_by_one(person: Person, rp: Rp, user: User):
    """CORE-38, 39: each in the place where it was wished for."""
    wishes = {
        "userinfo": {"email": None, "phone_number": {"essential": True}},
        "id_token": {"name": {"essential": True}, "nonsense": None, "exp": {"value": 1}},
    }
    tokens = person.tokens_for(rp, scope="openid", claims=orjson.dumps(wishes).decode())

    assert rp.userinfo(tokens["access_token"]).json == {"sub": str(user.id), "email": user.email}
    identity = rp.read(tokens["id_token"]).claims
    assert identity["name"] == "Kim Example"
    assert identity["exp"] > identity["iat"]
    assert not {"email", "nonsense"} & identity.keys()


def test_a_client_can_have_its_claims_in_the_id_token(person: Person, make_rp: Any, user: User):
    rp = make_rp(id_token_include_scope_claims=True)

    identity = rp.read(person.tokens_for(rp, scope="openid email")["id_token"]).claims

    assert identity["email"] == user.email


def test_who_shows_no_good_token_is_told_how(person: Person, rp: Rp):
    """CORE-47..53, T17 (RFC 6750 3)."""
    tokens = person.tokens_for(rp, scope="openid")
    access, url = tokens["access_token"], "/oidc/userinfo"
    without_openid = person.tokens_for(rp, scope="email")["access_token"]
    http = rp.http
    assert http.post(url, headers={"Authorization": f"bearer {access}"}).status_code == 200
    assert http.post(url, data={"access_token": access}).status_code == 200

    cases = (
        (http.get(url), 401, ""),
        (http.get(f"{url}?access_token={access}"), 401, ""),
        *((http.get(url, headers={"Authorization": other}), 401, "") for other in OTHER_SCHEMES),
        (http.get(url, headers={"Authorization": "Bearer"}), 401, "invalid_token"),
        (http.get(url, headers={"Authorization": f"Bearer {access} x"}), 401, "invalid_token"),
        (rp.userinfo("nonsense"), 401, "invalid_token"),
        (rp.userinfo(tokens["id_token"]), 401, "invalid_token"),
        (rp.userinfo(without_openid), 403, "insufficient_scope"),
        (
            http.post(
                url, data={"access_token": access}, headers={"Authorization": f"Bearer {access}"}
            ),
            400,
            "invalid_request",
        ),
    )
    for answer, status, error in cases:
        assert answer.status_code == status
        challenge = answer.headers["WWW-Authenticate"]
        assert f'error="{error}"' in challenge if error else challenge == BARE


def test_a_page_can_read_that_its_token_has_ended(person: Person, make_rp: Any):
    """OAUTH-28: a refusal is for all to read, what is said of a person for the client's own."""
    rp = make_rp(token_endpoint_auth_method="none")
    access = person.tokens_for(rp)["access_token"]
    own, foreign = "https://app.example.com", "https://evil.example"

    def read_by(origin: str, authorization: str) -> Any:
        headers = {"Origin": origin, "Authorization": authorization}
        return rp.http.get("/oidc/userinfo", headers=headers)

    good = read_by(own, f"Bearer {access}")
    assert (good.status_code, good.headers["Access-Control-Allow-Origin"]) == (200, own)
    assert "Access-Control-Allow-Origin" not in read_by(foreign, f"Bearer {access}").headers
    rp.revoke(access)
    for shown in (f"Bearer {access}", "Bearer", f"DPoP {access}"):
        ended = read_by(own, shown)
        assert (ended.status_code, ended.headers["Access-Control-Allow-Origin"]) == (401, "*")
        assert "WWW-Authenticate" in ended.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in ended.headers


def test_userinfo_can_be_signed(person: Person, make_rp: Any, user: User):
    """CORE-65 (OpenID Connect Core 5.3.2)."""
    rp = make_rp(userinfo_signed_response_alg="ES256")
    answer = rp.userinfo(person.tokens_for(rp, scope="openid email")["access_token"])

    assert answer.mimetype == "application/jwt"
    found = jwt.decode(answer.text, rp.keys(), algorithms=["ES256"])
    assert found.header["alg"] == "ES256"
    expected = {"iss": ISSUER, "aud": rp.client_id, "sub": str(user.id), "email": user.email}
    assert expected.items() <= found.claims.items()


def test_roles_are_those_in_the_organization_of_the_client(
    person: Person, make_rp: Any, make: Factory, user: User
):
    """Ruling 28: one in a list, or none; in the ID token if the client wants them there."""
    org, other = make.organization(), make.organization()
    make.member(org, Role.ADMIN, user=user)
    make.member(other, Role.OWNER, user=user)
    plain = make_rp(org)
    rich = make_rp(org, include_roles=True, include_org=True)
    stranger = make_rp(make.organization(), access_policy="everyone")
    scope = "openid roles organizations"

    for rp, roles in ((plain, ["admin"]), (rich, ["admin"]), (stranger, [])):
        tokens = person.tokens_for(rp, scope=scope)
        assert rp.userinfo(tokens["access_token"]).json["roles"] == roles
        assert rp.read(tokens["access_token"]).claims["roles"] == roles
        identity = rp.read(tokens["id_token"]).claims
        assert identity.get("roles") == (["admin"] if rp is rich else None)
    said = plain.userinfo(person.tokens_for(plain, scope=scope)["access_token"]).json
    assert (said["org_id"], said["org_role"]) == (str(org.id), "admin")
    wish = {"scope": scope, "organization": str(other.id)}
    said = plain.userinfo(person.tokens_for(plain, **wish)["access_token"]).json
    assert (said["org_name"], said["org_role"], said["roles"]) == (other.name, "owner", ["admin"])


def test_too_many_groups_are_told_elsewhere(
    person: Person, make_rp: Any, make: Factory, user: User
):
    """OpenID Connect Core 5.6.2: a token has 100 at most."""
    org = make.organization()
    member = make.member(org, user=user)
    rp = make_rp(org, include_groups=True)
    with make.together():
        names = sorted(make.department(org, member).name for _ in range(100))
    few = person.tokens_for(rp, scope="openid groups")
    assert rp.read(few["id_token"]).claims["groups"] == names
    make.department(org, member)

    many = person.tokens_for(rp, scope="openid groups")

    for token in (many["id_token"], many["access_token"]):
        claims = rp.read(token).claims
        assert "groups" not in claims
        source = claims["_claim_names"]["groups"]
        assert claims["_claim_sources"][source]["endpoint"] == f"{ISSUER}/oidc/userinfo"
    assert len(rp.userinfo(many["access_token"]).json["groups"]) == 101
    assert rp.introspect(many["access_token"]).json["_claim_names"] == {"groups": "userinfo"}


def test_mappers_say_things_under_other_names(person: Person, make_rp: Any, user: User):
    """Only what the scopes give anyway; what means something stays what it is (threat 192)."""
    mappers = [
        {"claim": "mail", "source": "email", "in": PLACES},
        {"claim": "tier", "source": "constant", "value": "gold", "in": ["userinfo"]},
        {"claim": "sub", "source": "constant", "value": "admin", "in": PLACES},
        {"claim": "roles", "source": "constant", "value": ["owner"], "in": PLACES},
    ]
    rp = make_rp(claims_mappers=mappers)
    allowed = person.tokens_for(rp, scope="openid email")
    bare = person.tokens_for(rp, scope="openid")

    said = rp.userinfo(allowed["access_token"]).json
    assert said["mail"] == user.email
    assert said["tier"] == "gold"
    assert said["sub"] == str(user.id)
    assert "roles" not in said
    for token in (allowed["id_token"], allowed["access_token"]):
        claims = rp.read(token).claims
        assert (claims["mail"], claims["sub"]) == (user.email, str(user.id))
        assert not {"tier", "roles"} & claims.keys()
    assert rp.introspect(allowed["access_token"]).json["mail"] == user.email
    assert rp.userinfo(bare["access_token"]).json == {"sub": str(user.id), "tier": "gold"}
    assert "mail" not in rp.read(bare["id_token"]).claims


def test_no_mapper_says_what_has_a_meaning_already():
    for name in RESERVED | OURS:
        mapper = {"claim": name, "source": "constant", "value": "x", "in": PLACES}
        assert mapped([mapper], "id_token", {}) == {}


@pytest.mark.parametrize("is_family", [True, False])
def test_what_was_wished_for_is_remembered(person: Person, rp: Rp, user: User, *, is_family: bool):
    scope = "openid offline_access" if is_family else "openid"
    tokens = person.tokens_for(rp, scope=scope, claims='{"userinfo": {"email": null}}')

    assert rp.userinfo(tokens["access_token"]).json["email"] == user.email
    if is_family:
        again = rp.refresh(tokens["refresh_token"]).json
        assert rp.userinfo(again["access_token"]).json["email"] == user.email


def test_opaque_tokens_do_the_same(person: Person, make_rp: Any, user: User, runtime: Runtime):
    """Nobody can read them but we, and there is no row for one either."""
    rp = make_rp(access_token_format="opaque")
    tokens = person.tokens_for(rp, scope="openid email offline_access")
    access = tokens["access_token"]

    assert access.startswith("gat_")
    assert blank(f"shown {access}") == f"shown {BLANK}"
    assert str(user.id) not in access
    assert rp.userinfo(access).json["email"] == user.email
    told = rp.introspect(access).json
    assert (told["active"], told["sub"], told["iss"]) == (True, str(user.id), ISSUER)
    for wrong in (access[:-5] + "AAAAA", access + "A", "gat_", "gat_v1.x.y", "gat_" + "A" * 20000):
        assert rp.userinfo(wrong).status_code == 401
        assert rp.introspect(wrong).json == {"active": False}
    sealed = runtime.keyring.seal(b"{}", "another purpose")
    assert rp.userinfo(f"gat_{sealed}").status_code == 401
    assert rp.revoke(access).status_code == 200
    assert rp.userinfo(access).status_code == 401
    again = rp.refresh(tokens["refresh_token"]).json["access_token"]
    assert rp.userinfo(again).status_code == 200


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_clients_choose_how_we_sign(person: Person, make_rp: Any, alg: str):
    """CORE-64."""
    rp = make_rp(id_token_signed_response_alg=alg, access_token_signed_response_alg=alg)
    tokens = person.tokens_for(rp)

    for token in (tokens["id_token"], tokens["access_token"]):
        assert rp.read(token).header["alg"] == alg
    assert rp.userinfo(tokens["access_token"]).status_code == 200


def test_pairwise_names_are_of_a_sector(
    person: Person, make_rp: Any, user: User, runtime: Runtime, make: Factory
):
    """CORE-62, 63, 46, 33: stable, the same for a sector, and of no use in another."""
    usual = {"subject_type": "pairwise"}
    one = make_rp(**usual)
    same = make_rp(**usual, redirect_uris=["https://app.example.com/other"])
    other = make_rp(**usual, redirect_uris=["https://elsewhere.example/callback"])
    found = {}
    for name, rp in {"one": one, "again": one, "same": same, "other": other}.items():
        tokens = person.tokens_for(rp, scope="openid")
        subs = {
            rp.read(tokens["id_token"]).claims["sub"],
            rp.read(tokens["access_token"]).claims["sub"],
            rp.userinfo(tokens["access_token"]).json["sub"],
            rp.introspect(tokens["access_token"]).json["sub"],
        }
        (found[name],) = subs
        hinted = person.open(rp.url(prompt="none", id_token_hint=tokens["id_token"]))
        assert "code=" in hinted.headers["Location"]
    assert found["one"] == found["again"] == found["same"] != found["other"]
    assert str(user.id) not in found.values()
    wrong = orjson.dumps({"id_token": {"sub": {"value": found["other"]}}}).decode()
    refused = person.open(one.url(prompt="none", claims=wrong))
    assert "error=login_required" in refused.headers["Location"]


def test_public_names_outlive_a_change_of_address(
    person: Person, rp: Rp, user: User, runtime: Runtime
):
    """CORE-63."""
    before = rp.read(person.tokens_for(rp)["id_token"]).claims["sub"]
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = ctx.db.get(User, user.id)
        row.email = row.email_key = f"new-{row.email}"

    assert rp.read(person.tokens_for(rp)["id_token"]).claims["sub"] == before
