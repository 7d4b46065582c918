"""Requests that the client signed (RFC 9101)."""

import time
from typing import Any

import pytest

from gatehouse.core import jose
from tests.proving import Signer, asserted, signed
from tests.relying import ISSUER, REDIRECT, Person, Rp, answer_of

KEYS = {alg: jose.Key(alg, alg, jose.private_key(alg)) for alg in ("RS256", "PS256", "ES256")}
KEYS["EdDSA"] = jose.Key("EdDSA", "EdDSA", jose.private_key("EdDSA"))
DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]
STRANGER = jose.Key("ES256", "ES256", jose.private_key("ES256"))
JWKS = {
    "keys": [
        {**key.jose.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": key.alg}
        for key in KEYS.values()
    ]
}


@pytest.fixture
def signing(make_rp: Any) -> Any:
    return lambda **options: make_rp(**{"jwks": JWKS, **options})


def object_of(rp: Rp, key: jose.Key = KEYS["ES256"], typ: str = "JWT", **changed: Any) -> str:
    """A request object; ``None`` leaves something out of it."""
    now = int(time.time())
    about = {"iss": rp.client_id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300}
    claims = {**rp.request(), **about, **changed}
    return jose.sign({k: v for k, v in claims.items() if v is not None}, key, typ=typ)


def url(rp: Rp, request: str, **beside: str) -> str:
    bare = dict.fromkeys(rp.request())
    return rp.url(**{**bare, "client_id": rp.client_id, "request": request, **beside})


def said_of(answer: Any) -> dict[str, str]:
    return answer_of(answer.headers.get("Location", ""))


def test_what_is_signed_counts_and_what_stands_beside_does_not(person: Person, signing: Any):
    """JAR-01, JAR-03, CORE-60, threat 46."""
    rp = signing(scopes=["openid", "email"])
    person.code_for(rp, scope="openid email")
    beside = {"scope": "openid email", "state": "beside", "nonce": "beside", "prompt": "consent"}
    for alg, key in KEYS.items():
        signed = object_of(rp, key, state=alg, max_age=10_000, typ="oauth-authz-req+jwt")

        said = said_of(person.open(url(rp, signed, **beside)))

        assert said["state"] == alg
        tokens = rp.redeem(said["code"]).json
        assert tokens["scope"] == "openid"
        assert rp.read(tokens["id_token"]).claims["nonce"] == "some nonce"


def test_what_is_json_may_stand_in_it_as_json(person: Person, signing: Any):
    """RFC 9101 4."""
    rp = signing(authorization_details_types=["pay"], resources=["https://api.example.com"])
    claims = {"userinfo": {"name": None}}
    details = [{"type": "pay", "amount": 3}]
    signed = object_of(
        rp, claims=claims, authorization_details=details, resource=["https://api.example.com"]
    )

    tokens = rp.redeem(said_of(person.go_through(url(rp, signed)))["code"]).json

    assert tokens["authorization_details"] == details
    assert rp.read(tokens["access_token"]).claims["aud"] == "https://api.example.com"


def twice_said(rp: Rp) -> dict[str, str]:
    """Objects in which a name stands twice."""
    header, body, _ = object_of(rp).split(".")
    head, claims = jose.decode(header).decode(), jose.decode(body).decode()
    key = KEYS["ES256"].jose
    return {
        "two scopes": signed(key, head, '{"scope":"openid",' + claims[1:]),
        "two claims": signed(key, head, '{"claims":{"userinfo":{},"userinfo":{}},' + claims[1:]),
        "two kinds": signed(key, '{"typ":"JWT",' + head[1:], claims),
    }


def bad_objects(rp: Rp) -> dict[str, str]:
    now = int(time.time())
    good = object_of(rp)
    header, claims, signature = good.split(".")
    none = jose.encode(b'{"alg":"none"}')
    return {
        "no token": "x",
        "not signed": f"{none}.{claims}.",
        "said to be unsigned": f"{none}.{claims}.{signature}",
        "another signature": f"{header}.{claims}.{'A' * len(signature)}",
        "a stranger's": object_of(rp, STRANGER),
        "by a secret": jose.encode(b'{"alg":"HS256"}') + f".{claims}.{signature}",
        "with a key of its own": jose.encode(b'{"alg":"ES256","jwk":{}}')
        + f".{claims}.{signature}",
        "another kind": object_of(rp, typ="at+jwt"),
        "no iss": object_of(rp, iss=None),
        "another iss": object_of(rp, iss="another"),
        "no aud": object_of(rp, aud=None),
        "another aud": object_of(rp, aud="https://other.example"),
        "an aud of numbers": object_of(rp, aud=1),
        "no exp": object_of(rp, exp=None),
        "exp of text": object_of(rp, exp=str(now + 60)),
        "expired": object_of(rp, exp=now - 1),
        "for too long": object_of(rp, exp=now + 90_000),
        "not yet": object_of(rp, nbf=now + 60),
        "of tomorrow": object_of(rp, iat=now + 60),
        "another client": object_of(rp, client_id="another"),
        "a proof of the client": object_of(rp, sub=rp.client_id),
        "another request": object_of(rp, request="x"),
        "a request elsewhere": object_of(rp, request_uri="https://inner.example/"),
        "a list": object_of(rp, scope=["openid"]),
        "deep": object_of(rp, authorization_details=DEEP),
        "a number for a text": object_of(rp, nonce=7),
        "a number for an address": object_of(rp, redirect_uri=7),
        "an object for a text": object_of(rp, state={"a": 1}),
        "text for a number": object_of(rp, max_age="100"),
        "a half": object_of(rp, max_age=1.5),
        "true for a number": object_of(rp, max_age=True),
        "text for an object": object_of(rp, claims='{"userinfo": {}}'),
        "a list for an object": object_of(rp, claims=[]),
        "text for a list": object_of(rp, authorization_details='[{"type": "pay"}]'),
        "an object for a list": object_of(rp, authorization_details={"type": "pay"}),
        "a number for a resource": object_of(rp, resource=7),
        "numbers for resources": object_of(rp, resource=[7]),
        "true": object_of(rp, state=True),
        "nul": object_of(rp, state="\x00"),
        **twice_said(rp),
    }


def test_bad_objects_are_refused(person: Person, signing: Any):
    """JAR-02, JAR-06, threats 46, 57 to 60: to the address beside it, if that is registered."""
    rp = signing()
    for what, request in bad_objects(rp).items():
        said = said_of(person.open(url(rp, request, redirect_uri=REDIRECT, state="s")))
        assert (said.get("error"), said.get("state")) == ("invalid_request_object", "s"), what
        page = person.open(url(rp, request, redirect_uri="https://evil.example"))
        assert (page.status_code, page.headers.get("Location")) == (400, None), what


def test_what_is_wrong_in_a_good_object_is_told_as_ever(person: Person, signing: Any):
    rp = signing()
    said = said_of(person.open(url(rp, object_of(rp, scope="nothing", state="in"))))
    assert (said["error"], said["state"]) == ("invalid_scope", "in")

    evil = object_of(rp, redirect_uri="https://evil.example/")
    page = person.open(url(rp, evil, redirect_uri=REDIRECT))
    assert (page.status_code, page.headers.get("Location")) == (400, None)
    both = url(rp, object_of(rp), request_uri="urn:ietf:params:oauth:request_uri:x")
    assert said_of(person.open(both))["error"] == "invalid_request"


def test_what_is_not_known_in_it_counts_for_nothing(person: Person, signing: Any):
    """RFC 6749 3.1: of whatever type."""
    rp = signing()
    signed = object_of(rp, of_ours={"a": [1]}, level=3, is_fast=True, note="x", client_secret=[])

    assert "code" in said_of(person.go_through(url(rp, signed)))


def test_clocks_may_be_a_little_apart(person: Person, signing: Any):
    """JAR-06."""
    rp = signing()
    soon = int(time.time()) + 8

    assert person.open(url(rp, object_of(rp, nbf=soon, iat=soon))).request.path == "/login"


def test_a_client_says_how_it_signs(person: Person, signing: Any):
    """JAR-04, FAPI-05."""
    rp = signing(request_object_signing_alg="PS256", require_signed_request_object=True)
    assert said_of(person.open(rp.url()))["error"] == "invalid_request"
    for alg, key in KEYS.items():
        answer = person.open(url(rp, object_of(rp, key), redirect_uri=REDIRECT))
        assert (answer.request.path == "/login") is (alg == "PS256"), alg
    edwards = signing(request_object_signing_alg="EdDSA")
    assert person.open(url(edwards, object_of(edwards, KEYS["EdDSA"]))).request.path == "/login"


def test_an_object_may_be_pushed(person: Person, signing: Any):
    """JAR-05, PAR-07: it is opened at once, and what was signed is what counts later."""
    signer = Signer("PS256", "signs")
    rp = signing(
        jwks={"keys": [*JWKS["keys"], signer.jwk]},
        require_signed_request_object=True,
        profile="fapi2",
        token_endpoint_auth_method="private_key_jwt",
    )

    def push(**sent: str) -> Any:
        data = asserted(signer.assertion(rp.client_id), **sent)
        return rp.http.post("/oidc/par", data=data)

    assert push(**rp.request()).json["error"] == "invalid_request"
    for key, nbf in ((KEYS["RS256"], True), (KEYS["PS256"], None)):
        changed = {} if nbf else {"nbf": None}
        answer = push(request=object_of(rp, key, **changed))
        assert answer.json["error"] == "invalid_request_object"
    answer = push(request=object_of(rp, KEYS["PS256"], state="in"), state="beside")
    assert answer.status_code == 201

    uri = answer.json["request_uri"]
    bare = dict.fromkeys(rp.request())
    named = rp.url(**{**bare, "client_id": rp.client_id, "request_uri": uri})
    said = said_of(person.go_through(named))

    assert said["state"] == "in"
    assert "code" in said
