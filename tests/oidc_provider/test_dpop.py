"""Tokens that are good for nobody who only has them: DPOP-01 to DPOP-13 (RFC 9449)."""

from threading import Barrier, Thread
from time import time
from typing import Any

import pytest
from orjson import dumps

from gatehouse.core.jose import NotGenuine
from gatehouse.oidc_provider.rules.dpop import (
    NONCE_SECONDS,
    BadProof,
    hash_of,
    is_fresh,
    nonce_at,
    plain_url,
    read_proof,
)
from tests.proving import BESIDE, TOKEN, USERINFO, Signer, by_secret, proof_claims, signed, unsigned
from tests.relying import ISSUER, Person, Rp

NOW = 1_800_000_000
KEY = "k" * 32
# orjson would not write what is nested any deeper, and joserfc reads the header once more.
DEEP: Any = None
for _ in range(240):
    DEEP = [DEEP]


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("ES256")


def dpop(proof: str) -> dict[str, Any]:
    return {"headers": {"DPoP": proof}}


def look(rp: Rp, token: str, proof: str | None, scheme: str = "DPoP", method: str = "GET") -> Any:
    headers = {"Authorization": f"{scheme} {token}"}
    if proof is not None:
        headers["DPoP"] = proof
    return rp.http.open("/oidc/userinfo", method=method, headers=headers)


def tokens_of(person: Person, rp: Rp, signer: Signer, **params: Any) -> dict[str, Any]:
    answer = rp.redeem(person.code_for(rp, **params), **dpop(signer.proof()))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_proof_binds_the_token_to_its_key(person: Person, rp: Rp, signer: Signer):
    """DPOP-01, DPOP-05, DPOP-11."""
    tokens = tokens_of(person, rp, signer)
    token = tokens["access_token"]

    assert tokens["token_type"] == "DPoP"
    assert rp.read(token).claims["cnf"] == {"jkt": signer.jkt}
    told = rp.introspect(token).json
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": signer.jkt})
    for scheme in ("DPoP", "dpop", "DPOP"):
        proof = signer.proof(USERINFO, "GET", token=token)
        assert look(rp, token, proof, scheme).status_code == 200
    posted = look(rp, token, signer.proof(USERINFO, "POST", token=token), method="POST")
    assert posted.status_code == 200


def test_a_bound_token_is_no_bearer_token(person: Person, rp: Rp, signer: Signer):
    """DPOP-02: with its proof or without."""
    token = tokens_of(person, rp, signer)["access_token"]
    other = Signer("ES256")
    attempts = [
        look(rp, token, None, "Bearer"),
        look(rp, token, signer.proof(USERINFO, "GET", token=token), "Bearer"),
        look(rp, token, None),
        look(rp, token, other.proof(USERINFO, "GET", token=token)),
        rp.http.post("/oidc/userinfo", data={"access_token": token}),
    ]

    assert [answer.status_code for answer in attempts] == [401] * 5
    assert "invalid_token" in attempts[0].headers["WWW-Authenticate"]
    assert attempts[2].headers["WWW-Authenticate"].startswith("DPoP ")
    assert "invalid_dpop_proof" in attempts[2].headers["WWW-Authenticate"]
    assert "ES256" in attempts[2].headers["WWW-Authenticate"]


def test_a_bearer_token_is_not_shown_with_a_proof(person: Person, rp: Rp, signer: Signer):
    token = person.tokens_for(rp)["access_token"]

    assert look(rp, token, signer.proof(USERINFO, "GET", token=token)).status_code == 401
    assert look(rp, token, None, "Bearer").status_code == 200


def test_whoever_shows_nothing_is_told_both_ways(rp: Rp):
    challenges = rp.http.get("/oidc/userinfo").headers.getlist("WWW-Authenticate")

    assert challenges[0] == 'Bearer realm="gatehouse"'
    assert challenges[1].startswith("DPoP ")


def unreadable(signer: Signer) -> dict[str, str]:
    """What is no proof at all, or two."""
    good = signer.proof()
    return {
        "no jwt": "abc",
        "junk": "a.b.c",
        "two": f"{signer.proof()},{signer.proof()}",
        "two with a blank": f"{signer.proof()}, {signer.proof()}",
        "re-padded": good + "=",
        "cut": good[:-3],
        "empty": "",
    }


def by_another_key(signer: Signer) -> dict[str, str]:
    """Headers that say something else, and signatures by somebody else."""
    other, good = Signer("ES256"), signer.proof()
    private = signer.key.as_dict(private=True)
    claims, header = proof_claims(), {"typ": "dpop+jwt", "jwk": signer.jwk}
    return {
        "unsigned": unsigned({**header, "alg": "none"}, claims),
        "by a secret": by_secret(b"x" * 32, claims),
        "another signature": unsigned({**header, "alg": "ES256"}, claims, good.split(".")[2]),
        "another key": other.proof(header={"jwk": signer.jwk}),
        "no key": signer.proof(header={"jwk": None}),
        "a private key": signer.proof(header={"jwk": private}),
        "a shared key": signer.proof(header={"jwk": {"kty": "oct", "k": "eHg"}}),
        "a key that is none": signer.proof(header={"jwk": {"kty": "EC", "crv": "P-256"}}),
        "a key elsewhere": signer.proof(header={"jwk": None, "jku": "https://evil.example/"}),
        "crit": signer.proof(header={"crit": ["typ"]}),
        "no typ": signer.proof(header={"typ": None}),
        "another typ": signer.proof(header={"typ": "JWT"}),
        "deep in its key": unsigned(
            {**header, "alg": "ES256", "jwk": {**signer.jwk, "deep": DEEP}}, claims, "AAAA"
        ),
    }


def for_another_request(signer: Signer) -> dict[str, str]:
    """Proofs of another method or address."""
    header = dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": signer.jwk}).decode()
    claims = dumps(proof_claims()).decode()
    return {
        "another method": signer.proof(method="GET"),
        "a method in small letters": signer.proof(method="post"),
        "no method": signer.proof(htm=None),
        "two methods": signed(signer.key, header, '{"htm":"GET",' + claims[1:]),
        "another address": signer.proof(USERINFO),
        "another host": signer.proof("https://evil.example/oidc/token"),
        "another port": signer.proof(f"{ISSUER}1/oidc/token"),
        "another scheme": signer.proof(TOKEN.replace("http", "https")),
        "a longer path": signer.proof(f"{TOKEN}/"),
        "somebody in the address": signer.proof(TOKEN.replace("//", "//user@")),
        "no address": signer.proof(htu=None),
        "a path alone": signer.proof("/oidc/token"),
        "an address that is a number": signer.proof(htu=7),
    }


def of_another_time(signer: Signer) -> dict[str, str]:
    """Proofs that do not hold now, and names that are none."""
    now = int(time())
    return {
        "no time": signer.proof(iat=None),
        "an old time": signer.proof(iat=now - 120),
        "a time to come": signer.proof(iat=now + 60),
        "a time in milliseconds": signer.proof(iat=now * 1000),
        "a time as text": signer.proof(iat=str(now)),
        "a time that is true": signer.proof(iat=True),
        "over": signer.proof(exp=now - 20),
        "over since 1970": signer.proof(exp=0),
        "an end as text": signer.proof(exp=str(now + 60)),
        "an end that is true": signer.proof(exp=True),
        "not begun": signer.proof(nbf=now + 30),
        "a beginning as text": signer.proof(nbf=str(now)),
        "no name": signer.proof(jti=None),
        "an empty name": signer.proof(jti=""),
        "a number for a name": signer.proof(jti=7),
        "a long name": signer.proof(jti="x" * 5000),
        "deep inside": signer.proof(deep=DEEP),
    }


def bad_proofs(signer: Signer) -> dict[str, str]:
    return {
        **unreadable(signer),
        **by_another_key(signer),
        **for_another_request(signer),
        **of_another_time(signer),
    }


def test_a_proof_must_be_right_in_all(person: Person, rp: Rp, signer: Signer):
    """DPOP-03, DPOP-10, DPOP-13, threat 59: none of these spends the code."""
    code = person.code_for(rp)
    for name, proof in bad_proofs(signer).items():
        answer = rp.redeem(code, **dpop(proof))
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof"), name
    proof = signer.proof(header={**BESIDE, "jwk": signer.jwk})
    assert rp.redeem(code, **dpop(proof)).json["token_type"] == "DPoP"


def test_a_proof_that_is_not_there_or_there_twice_is_told_so(
    person: Person, rp: Rp, signer: Signer
):
    """DPOP-10."""
    token = tokens_of(person, rp, signer)["access_token"]
    proof = signer.proof(USERINFO, "GET", token=token)
    for shown, says in (
        (None, "There is no DPoP proof"),
        (f"{proof},{proof}", "There are several"),
    ):
        answer = look(rp, token, shown)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_dpop_proof")
        assert answer.json["error_description"].startswith(says)
        assert says in answer.headers["WWW-Authenticate"]
    twice = rp.token(grant_type="authorization_code", **dpop(f"{proof}, {proof}")).json
    assert twice["error_description"].startswith("There are several")


def test_a_proof_must_be_for_this_token(person: Person, rp: Rp, signer: Signer):
    """DPOP-03."""
    token = tokens_of(person, rp, signer)["access_token"]
    other = tokens_of(person, rp, signer)["access_token"]
    for proof in (
        signer.proof(USERINFO, "GET"),
        signer.proof(USERINFO, "GET", token=other),
        signer.proof(USERINFO, "GET", token=token, ath=""),
        signer.proof(USERINFO, "POST", token=token),
        signer.proof(TOKEN, "GET", token=token),
    ):
        answer = look(rp, token, proof)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_dpop_proof")


def test_each_proof_is_good_once(make_rp: Any, signer: Signer):
    """DPOP-04."""
    rp = make_rp(grant_types=["client_credentials"], scopes=["api"])
    proof, gate, statuses = signer.proof(), Barrier(6), []

    def go() -> None:
        gate.wait()
        other = Rp(rp.app, rp.client, rp.http.environ_base["REMOTE_ADDR"])
        statuses.append(other.token(grant_type="client_credentials", **dpop(proof)).status_code)

    threads = [Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 400, 400, 400, 400, 400]


@pytest.mark.parametrize("seconds", [-50, -10, 8])
def test_clocks_may_differ_a_little(make_rp: Any, signer: Signer, seconds: int):
    """DPOP-09."""
    rp = make_rp(grant_types=["client_credentials"], scopes=["api"])
    then = int(time()) + seconds
    proof = signer.proof(iat=then, nbf=then, exp=max(then, int(time()) - 10))

    assert rp.token(grant_type="client_credentials", **dpop(proof)).status_code == 200


def test_the_code_is_bound_to_the_key_that_was_named(person: Person, rp: Rp, signer: Signer):
    """DPOP-06."""
    code = person.code_for(rp, dpop_jkt=signer.jkt)

    assert rp.redeem(code).json["error"] == "invalid_grant"
    other = rp.redeem(code, **dpop(Signer("ES256").proof()))
    assert (other.status_code, other.json["error"]) == (400, "invalid_grant")
    assert rp.redeem(code, **dpop(signer.proof())).status_code == 200


def test_the_refresh_token_of_a_public_client_is_bound(person: Person, make_rp: Any, signer: Any):
    """DPOP-07."""
    rp = make_rp(token_endpoint_auth_method="none", refresh_grace_seconds=0)
    tokens = tokens_of(person, rp, signer, scope="openid offline_access")
    old = tokens["refresh_token"]

    assert rp.refresh(old).json["error"] == "invalid_grant"
    assert rp.refresh(old, **dpop(Signer().proof())).json["error"] == "invalid_grant"
    again = rp.refresh(old, **dpop(signer.proof()))
    assert (again.status_code, again.json["token_type"]) == (200, "DPoP")
    assert rp.refresh(again.json["refresh_token"], **dpop(signer.proof())).status_code == 200


def test_a_client_that_binds_its_tokens_always_shows_a_proof(
    person: Person, make_rp: Any, signer: Signer
):
    """DPOP-08."""
    rp = make_rp(dpop_bound_access_tokens=True)
    code = person.code_for(rp, scope="openid offline_access")

    bare = rp.redeem(code)
    assert (bare.status_code, bare.json["error"]) == (400, "invalid_dpop_proof")
    tokens = rp.redeem(code, **dpop(signer.proof())).json
    assert tokens["token_type"] == "DPoP"
    assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_dpop_proof"
    assert rp.refresh(tokens["refresh_token"], **dpop(Signer().proof())).status_code == 200


def test_a_nonce_is_asked_for_and_then_told_with_every_answer(
    person: Person, make_rp: Any, signer: Signer
):
    """DPOP-12."""
    rp = make_rp(dpop_require_nonce=True, allowed_cors_origins=["https://app.example.com"])
    code = person.code_for(rp)

    first = rp.redeem(code, headers={"DPoP": signer.proof(), "Origin": "https://app.example.com"})
    assert (first.status_code, first.json["error"]) == (400, "use_dpop_nonce")
    assert "DPoP-Nonce" in first.headers["Access-Control-Expose-Headers"]
    (nonce,) = first.headers.getlist("DPoP-Nonce")
    wrong = rp.redeem(code, **dpop(signer.proof(nonce="another")))
    assert wrong.json["error"] == "use_dpop_nonce"
    second = rp.redeem(code, **dpop(signer.proof(nonce=nonce)))
    assert second.status_code == 200
    assert second.headers["DPoP-Nonce"]
    token = second.json["access_token"]
    headers = {
        "Authorization": f"DPoP {token}",
        "DPoP": signer.proof(USERINFO, "GET", token=token),
        "Origin": "https://app.example.com",
    }
    bare = rp.http.get("/oidc/userinfo", headers=headers)
    assert (bare.status_code, bare.json["error"]) == (401, "use_dpop_nonce")
    assert bare.headers["Access-Control-Allow-Origin"] == "*"
    assert "DPoP-Nonce" in bare.headers["Access-Control-Expose-Headers"]
    nonce = bare.headers["DPoP-Nonce"]
    proof = signer.proof(USERINFO, "GET", token=token, nonce=nonce)
    assert look(rp, token, proof).status_code == 200


def test_a_nonce_is_fresh_in_its_slot_and_the_next():
    """DPOP-12: nobody stores it."""
    now = NOW // NONCE_SECONDS * NONCE_SECONDS
    nonce = nonce_at(KEY, now)

    assert is_fresh(nonce, KEY, now + NONCE_SECONDS * 2 - 1)
    assert not is_fresh(nonce, KEY, now + NONCE_SECONDS * 2)
    assert not is_fresh(nonce, KEY, now - 1)
    assert not is_fresh(nonce, "another key", now)
    assert not is_fresh(None, KEY, now)
    assert not is_fresh("", KEY, now)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://as.example/oidc/token", "https://as.example/oidc/token"),
        ("HTTPS://AS.Example:443/oidc/token?a=1#b", "https://as.example/oidc/token"),
        ("http://as.example:80", "http://as.example/"),
        ("http://as.example:8080/", "http://as.example:8080/"),
        ("https://as.example/%6fidc/%7euser", "https://as.example/oidc/~user"),
        ("https://as.example/a%2fb", "https://as.example/a%2Fb"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
        ("https://user@as.example/", ""),
        ("ftp://as.example/", ""),
        ("/oidc/token", ""),
        ("https://", ""),
        ("https://as.example:x/", ""),
        ("https://as.exämple/", ""),
        ("https://[/", ""),
        ("", ""),
    ],
)
def test_an_address_has_one_plain_spelling(url: str, plain: str):
    """DPOP-13 (RFC 3986 6.2)."""
    assert plain_url(url) == plain


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_every_algorithm_that_is_announced_can_be_used(alg: str):
    signer = Signer(alg)
    text = signer.proof("https://as.example/x", "GET", token="abc", iat=NOW)

    proof = read_proof(
        text, method="GET", urls=["https://as.example/x"], now=NOW, access_token="abc"
    )

    assert proof.jkt == signer.jkt
    with pytest.raises((BadProof, NotGenuine)):
        read_proof(text, method="GET", urls=["https://as.example/x"], now=NOW, algorithms=())


def test_the_hash_of_a_token_is_that_of_the_rfc():
    """RFC 9449 7.1, figure 15."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

    assert hash_of(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_discovery_names_the_algorithms(rp: Rp):
    said = rp.http.get("/.well-known/openid-configuration").json

    assert {"ES256", "PS256", "EdDSA"} <= set(said["dpop_signing_alg_values_supported"])
    assert not {"none", "HS256"} & set(said["dpop_signing_alg_values_supported"])
