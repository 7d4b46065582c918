"""The parameter claims (OpenID Connect Core 5.5)."""

from typing import Any

import orjson
import pytest

from gatehouse.accounts.models import User
from tests.factories import Factory
from tests.relying import Person, Rp, answer_of


def test_claims_come_where_they_are_wished_for(person: Person, rp: Rp, user: User):
    """CORE-38, CORE-39, CORE-43: and nowhere else."""
    wish = {"userinfo": {"email": None}, "id_token": {"name": {"essential": True}, "nick": None}}
    tokens = person.tokens_for(rp, claims=orjson.dumps(wish).decode())

    identity = rp.read(tokens["id_token"]).claims
    told = rp.userinfo(tokens["access_token"]).json

    assert (identity["name"], told["email"]) == ("Kim Example", user.email)
    assert not {"email", "nick"} & identity.keys()
    assert told.keys() == {"sub", "email"}


def test_what_a_client_may_not_have_it_does_not_get_one_by_one(person: Person, make_rp: Any):
    """CORE-43: it is left out, on the page as well, and is no error."""
    rp = make_rp(scopes=["openid", "profile"])
    userinfo = '"email":{"essential":true},"groups":null,"name":null'
    wish = f'{{"userinfo":{{{userinfo}}},"id_token":{{"email":null}}}}'
    page = person.sign_in(person.open(rp.url(scope="openid", claims=wish)))
    assert "e-mail" not in page.text
    assert "See your name" in page.text

    tokens = rp.redeem(answer_of(person.consent(page).headers["Location"])["code"]).json

    assert "email" not in rp.read(tokens["id_token"]).claims
    assert rp.userinfo(tokens["access_token"]).json.keys() == {"sub", "name"}


def test_a_wish_is_on_the_page_of_consent(person: Person, rp: Rp):
    """What is new is asked for again; what a scope brings anyway is not said twice."""
    person.code_for(rp, scope="openid email")
    wish = '{"userinfo":{"email":null,"picture":null,"acr":null,"x_y":null,"a\u202eb":null}}'

    page = person.open(rp.url(scope="openid email", claims=wish))

    assert page.request.path.startswith("/oidc/consent/")
    assert "See your picture" in page.text
    assert "See <code>x_y</code>" in page.text
    assert "See <code>a\ufffdb</code>" in page.text
    assert page.text.count("your e-mail address") == 1
    assert "acr" not in page.text


@pytest.mark.parametrize(
    ("scope", "is_wished", "is_told"),
    [
        ("openid profile email", False, True),
        ("openid profile email", True, True),
        ("openid email", True, True),
        ("openid profile", False, False),
        ("openid profile", True, False),
        ("openid email", False, False),
        ("openid", True, False),
    ],
)
def test_the_name_that_is_an_address_is_told_with_the_address_alone(
    person: Person, make_rp: Any, scope: str, *, is_wished: bool, is_told: bool
):
    """CORE-38, CORE-43: and the page of consent says so."""
    name, word = "preferred_username", "See your e-mail address"
    rp = make_rp(
        id_token_include_scope_claims=True,
        claims_mappers=[
            {"claim": "login", "source": name, "in": ["userinfo", "id_token", "access_token"]}
        ],
    )
    wish = {"userinfo": {name: None}, "id_token": {name: {"essential": True}}}
    asked = {"scope": scope, "claims": orjson.dumps(wish).decode() if is_wished else None}

    page = person.sign_in(person.open(rp.url(**asked)))
    assert page.text.count(word) == ("email" in scope)
    code = answer_of(person.consent(page).headers["Location"])["code"]
    tokens = rp.redeem(code).json

    told = rp.userinfo(tokens["access_token"]).json
    identity = rp.read(tokens["id_token"]).claims
    access = rp.read(tokens["access_token"]).claims
    expected = person.email if is_told else None
    assert [said.get(as_) for said in (told, identity) for as_ in (name, "login")] == [expected] * 4
    assert access.get("login") == (person.email if scope == "openid profile email" else None)


def test_an_answer_is_for_the_person_that_is_wished_for(
    person: Person, rp: Rp, user: User, make: Factory
):
    """CORE-41: by ``value``, and by ``values`` as well."""
    person.code_for(rp)
    own, others = str(user.id), str(make.user().id)

    def wish(sub: Any) -> str:
        return orjson.dumps({"id_token": {"sub": sub}}).decode()

    for sub in ({"value": own}, {"values": [others, own]}, {"value": own, "values": [own]}):
        answer = person.open(rp.url(claims=wish(sub), prompt="none"))
        said = answer_of(answer.headers["Location"])
        assert rp.read(rp.redeem(said["code"]).json["id_token"]).claims["sub"] == own
    two = person.open(rp.url(claims=wish({"value": own, "values": [others]}), prompt="none"))
    assert answer_of(two.headers["Location"])["error"] == "invalid_request"
    for sub in ({"value": others}, {"value": "x"}, {"values": ["nobody", others]}):
        answer = person.open(rp.url(claims=wish(sub), prompt="none"))
        assert answer_of(answer.headers["Location"])["error"] == "login_required"
        page = person.open(rp.url(claims=wish(sub)))
        assert page.request.path.startswith("/oidc/accounts/")
        page = person.post(page.request.path, page, answer="go_on")
        assert page.request.path.startswith("/oidc/accounts/")


def test_no_wish_changes_what_we_say_ourselves(person: Person, rp: Rp, user: User):
    """Threat 54, 192."""
    names = ("sub", "iss", "aud", "exp", "acr", "amr", "nonce", "auth_time", "client_id", "gid")
    wish = {"id_token": {name: {"value": "forged"} for name in names if name != "sub"}}
    tokens = person.tokens_for(rp, claims=orjson.dumps(wish).decode())

    claims = rp.read(tokens["id_token"]).claims

    assert claims["sub"] == str(user.id)
    assert "forged" not in claims.values()
    assert not {"client_id", "gid"} & claims.keys()
