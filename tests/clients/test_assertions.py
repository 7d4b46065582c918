"""Clients prove who they are by signing: JWTA-01 to JWTA-12, threats 45, 57 to 61, 63 to 66."""

from secrets import token_hex
from threading import Barrier, Thread
from time import time
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatehouse.clients.models import Client
from gatehouse.clients.service.writing import new_secret
from gatehouse.core.context import Context, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from tests.proving import (
    BESIDE,
    TOKEN,
    TYPE,
    Signer,
    asserted,
    assertion_claims,
    b64,
    by_secret,
    signed,
    unsigned,
)
from tests.relying import ISSUER, Rp, basic

NOW = int(time())
GRANT = {"grant_type": "client_credentials"}


def ask(rp: Rp, path: str = "/oidc/token", **sent: Any) -> Any:
    return rp.http.post(path, data={**GRANT, **sent})


def show(rp: Rp, assertion: str, **sent: Any) -> Any:
    return ask(rp, **asserted(assertion, **sent))


def is_refused(answer: Any) -> bool:
    return (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("ES256", "first")


@pytest.fixture
def rp(make_machine: Any, signer: Signer) -> Rp:
    return make_machine(token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_client_signs_with_its_key(make_machine: Any, alg: str):
    """JWTA-01, JWTA-10."""
    signer = Signer(alg)
    rp = make_machine(token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)

    answer = show(rp, signer.assertion(rp.client_id))

    assert answer.status_code == 200, answer.text
    assert answer.json["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "aud"),
    [
        ("/oidc/token", ISSUER),
        ("/oidc/token", TOKEN),
        ("/oidc/token", [TOKEN]),
        ("/oidc/token", [ISSUER, TOKEN]),
        ("/oidc/introspect", f"{ISSUER}/oidc/introspect"),
        ("/oidc/introspect", TOKEN),
        ("/oidc/revoke", ISSUER),
    ],
)
def test_it_may_call_us_by_our_name_or_by_an_endpoint(rp: Rp, signer: Signer, path: str, aud: Any):
    """JWTA-01, JWTA-02."""
    sent = asserted(signer.assertion(rp.client_id, aud=aud), token="x")

    assert ask(rp, path, **sent).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": NOW + 8, "nbf": NOW + 8},  # JWTA-12
        {"exp": NOW + 300},
        {"iat": None},
    ],
)
def test_clocks_may_differ_a_little(rp: Rp, signer: Signer, claims: dict[str, Any]):
    """JWTA-12."""
    now = int(time())
    moved = {name: value and value - NOW + now for name, value in claims.items()}

    assert show(rp, signer.assertion(rp.client_id, **moved)).status_code == 200


YEAR = 31_536_000


def wrong_at(now: int) -> list[dict[str, Any]]:
    """What an assertion must not say at this time."""
    return [
        {"iss": None},
        {"iss": "another"},
        {"iss": ["CLIENT"]},
        {"iss": "CLIENT/"},
        {"sub": None},
        {"iss": "CLIENT", "sub": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": "https://other.example"},
        {"aud": f"{ISSUER}/"},
        {"aud": ISSUER[:-1]},
        {"aud": f"{ISSUER}.evil.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": f"{ISSUER}/oidc/introspect"},
        {"aud": {"x": 1}},
        {"exp": None},
        {"exp": now - 1},
        {"exp": now + 60.5},
        {"exp": True},
        {"exp": "soon"},
        {"exp": 10**20},
        {"exp": now + 1000},
        {"exp": now + YEAR},
        {"iat": now + 120},
        {"iat": "now"},
        {"nbf": now + 120},
        {"nbf": False},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
    ]


def test_what_it_says_must_be_right(rp: Rp, signer: Signer):
    """JWTA-03, JWTA-12, threats 45, 67 and 70."""
    for case in wrong_at(int(time())):
        said = {
            name: value.replace("CLIENT", rp.client_id)
            if isinstance(value, str)
            else [rp.client_id]
            if value == ["CLIENT"]
            else value
            for name, value in case.items()
        }
        answer = show(rp, signer.assertion(rp.client_id, **said), client_id=rp.client_id)
        assert is_refused(answer), (case, answer.text)
    assert show(rp, signer.assertion(rp.client_id)).status_code == 200


def test_no_name_stands_in_it_twice(rp: Rp, signer: Signer):
    """JWTA-03: whoever reads the first of two would have let somebody else in."""
    claims = orjson.dumps(assertion_claims(rp.client_id)).decode()
    header = '{"alg":"ES256","kid":"first"}'
    cases = (
        (header, '{"sub":"another",' + claims[1:]),
        (header, '{"x":{"y":1,"y":1},' + claims[1:]),
        ('{"alg":"none",' + header[1:], claims),
    )
    for head, body in cases:
        assert is_refused(show(rp, signed(signer.key, head, body), client_id=rp.client_id)), body
    whole = signed(signer.key, header, claims)
    assert show(rp, whole, client_id=rp.client_id).status_code == 200


def test_each_is_good_once(rp: Rp, signer: Signer, make_machine: Any):
    """JWTA-04, threat 45. The same name by another client is another."""
    jti = token_hex(8)
    first = signer.assertion(rp.client_id, jti=jti)
    other = make_machine(token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)

    assert show(rp, first).status_code == 200
    assert is_refused(show(rp, first))
    assert is_refused(show(rp, signer.assertion(rp.client_id, jti=jti)))
    assert is_refused(ask(rp, "/oidc/introspect", **asserted(first, token="x")))
    assert show(other, signer.assertion(other.client_id, jti=jti)).status_code == 200


def test_of_many_at_once_one_gets_in(rp: Rp, signer: Signer):
    """JWTA-04."""
    assertion, gate, statuses = signer.assertion(rp.client_id), Barrier(6), []

    def go() -> None:
        http = rp.app.test_client()
        http.environ_base = rp.http.environ_base
        gate.wait()
        statuses.append(http.post("/oidc/token", data={**GRANT, **asserted(assertion)}).status_code)

    threads = [Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 401, 401, 401, 401, 401]


def forged(rp: Rp, signer: Signer) -> list[str]:
    """Everything that is not signed as it should be."""
    claims = assertion_claims(rp.client_id)
    public = signer.key.raw_value.public_key()
    spki = PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(Encoding.PEM, spki)
    ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    texts = [pem, pem.strip(), pem.replace(b"\n", b"\r\n"), b"\n" + pem, pem + b" ", ssh]
    texts += [public.public_bytes(Encoding.DER, spki), orjson.dumps(signer.jwk), b"", b"x"]

    good = signer.assertion(rp.client_id)
    head, body, signature = good.split(".")
    other = Signer("ES256", "first")
    return [
        *(by_secret(text, claims) for text in texts),  # JWTA-08, threat 58
        *(unsigned({"alg": alg}, claims) for alg in ("none", "None", "nOnE", "", None, ["ES256"])),
        *(unsigned({"alg": alg}, claims, signature) for alg in ("none", "RS256", "ES384", "HS512")),
        unsigned({}, claims, signature),
        other.assertion(rp.client_id),  # JWTA-05
        other.assertion(rp.client_id, {"jwk": other.jwk}),  # threat 59
        other.assertion(rp.client_id, {"jku": "https://evil.example/jwks"}),
        other.assertion(rp.client_id, {"x5u": "https://evil.example/x"}),
        signer.assertion(rp.client_id, {"crit": ["b64"], "b64": False}),  # threat 60
        signer.assertion(rp.client_id, {"zip": "DEF"}),
        signer.assertion(rp.client_id, {"kid": "another"}),
        signer.assertion(rp.client_id, {"kid": "../../dev/null"}),  # threat 64
        signer.assertion(rp.client_id, {"kid": "' OR 1=1"}),
        signer.assertion(rp.client_id, {"kid": "x" * 10_000}),
        signer.assertion(rp.client_id, {"typ": "at+jwt"}),  # threat 69
        signer.assertion(rp.client_id, {"typ": "dpop+jwt"}),
        unsigned({"alg": "ES256", "kid": ["first"]}, claims, signature),
        good[:-2],  # threat 68
        good + "A",
        good + "==",
        f"{head}.{body}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        f"{head}.{body}",
        f"{head}.{body}.",
        f"{head}.{b64(orjson.dumps({**claims, 'exp': claims['exp'] + 1}))}.{signature}",
        good.swapcase(),
        orjson.dumps({"payload": body, "protected": head, "signature": signature}).decode(),
        "a.b.c",
        "x" * 50_000,  # threat 65
        "....",
        "ü.ü.ü",
    ]


def test_nothing_but_its_own_signature_counts(rp: Rp, signer: Signer):
    """JWTA-05, JWTA-08, threats 57 to 60, 63 to 65, 68 and 69."""
    for assertion in forged(rp, signer):
        answer = show(rp, assertion, client_id=rp.client_id)
        assert answer.status_code in (400, 401), (assertion[:80], answer.text)
        assert answer.json["error"] in ("invalid_client", "invalid_request"), assertion[:80]
    assert show(rp, signer.assertion(rp.client_id)).status_code == 200


@pytest.mark.parametrize("name", BESIDE)
def test_what_its_header_says_beside_is_not_looked_at(rp: Rp, signer: Signer, name: str):
    """JWTA-05, threat 59: some libraries send an ``x5t`` with everything that they sign."""
    beside = {name: BESIDE[name]}
    assert show(rp, signer.assertion(rp.client_id, beside)).status_code == 200
    assert is_refused(show(rp, Signer("ES256", "first").assertion(rp.client_id, beside)))


def test_only_the_registered_algorithm_counts(make_machine: Any):
    """Threats 45 and 66: a key has one use."""
    rsa, curve = Signer("PS256", "rsa"), Signer("ES256", "curve")
    keys = {"keys": [rsa.jwk, curve.jwk]}
    rp = make_machine(
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="PS256",
        jwks=keys,
    )

    assert is_refused(show(rp, curve.assertion(rp.client_id)))
    weaker = Signer("RS256", "rsa")
    weaker.key = rsa.key
    assert is_refused(show(rp, weaker.assertion(rp.client_id)))
    assert show(rp, rsa.assertion(rp.client_id)).status_code == 200


def test_a_client_proves_itself_in_its_own_way_alone(make_machine: Any, rp: Rp, signer: Signer):
    """JWTA-06, OAUTH-30."""
    other = make_machine()

    assert is_refused(show(other, signer.assertion(other.client_id)))
    assert is_refused(rp.http.post("/oidc/token", data=GRANT, headers=basic(rp.client_id)))
    assert is_refused(ask(rp, client_id=rp.client_id, client_secret="x"))
    assert is_refused(ask(rp, client_id=rp.client_id))


def test_two_proofs_are_too_many(rp: Rp, signer: Signer):
    """OAUTH-19."""
    proof = asserted(signer.assertion(rp.client_id))
    for answer in (
        ask(rp, **proof, client_secret="x"),
        rp.http.post("/oidc/token", data={**GRANT, **proof}, headers=basic(rp.client_id)),
    ):
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert is_refused(ask(rp, **proof, client_id="another"))


@pytest.mark.parametrize("kind", [None, "", "jwt", TYPE.upper(), TYPE.replace("jwt", "saml2")])
def test_an_assertion_of_another_type_is_refused(rp: Rp, signer: Signer, kind: str | None):
    """JWTA-09."""
    sent = asserted(signer.assertion(rp.client_id)) | {"client_assertion_type": kind}

    assert is_refused(ask(rp, **{name: value for name, value in sent.items() if value is not None}))
    assert is_refused(ask(rp, client_id=rp.client_id, client_assertion_type=TYPE))


@pytest.fixture
def with_secret(make_machine: Any, runtime: Runtime) -> tuple[Rp, str]:
    rp = make_machine(token_endpoint_auth_method="client_secret_jwt")
    with unit_of_work(runtime, Origin("test")) as ctx:
        secret, stored = new_secret(ctx, sealed=True)
        ctx.db.get(Client, rp.client.id).secrets = [stored]
    return rp, secret


def test_a_client_signs_with_its_secret(with_secret: tuple[Rp, str]):
    """JWTA-07. The secret itself is no proof of such a client, and no other key is."""
    rp, secret = with_secret
    assertion = by_secret(secret.encode(), assertion_claims(rp.client_id))

    assert show(rp, assertion).status_code == 200
    assert is_refused(show(rp, assertion))
    assert is_refused(show(rp, by_secret(b"x" * 40, assertion_claims(rp.client_id))))
    assert is_refused(rp.http.post("/oidc/token", data=GRANT, headers=basic(rp.client_id, secret)))
    assert is_refused(show(rp, Signer().assertion(rp.client_id)))


def test_the_secret_that_signs_is_nowhere_in_clear(with_secret: tuple[Rp, str], ctx: Context):
    """Threat 75."""
    rp, secret = with_secret

    (stored,) = ctx.db.get(Client, rp.client.id).secrets

    assert stored["sealed"].startswith("v1.")
    assert secret not in orjson.dumps(stored).decode()


def test_a_secret_without_a_sealed_copy_signs_nothing(make_machine: Any):
    """Threat 61: what we cannot open, and what is too short, verifies nothing."""
    rp = make_machine(token_endpoint_auth_method="client_secret_jwt")
    for secret in (b"gcs_of_a_test_that_is_long_enough", b"x" * 32):
        assert is_refused(show(rp, by_secret(secret, assertion_claims(rp.client_id))))


def test_private_and_shared_keys_of_a_set_do_not_count(make_machine: Any):
    """Threat 66."""
    signer, good = Signer("ES256", "leaked"), Signer("ES256", "good")
    leaked = {**signer.key.as_dict(private=True), "kid": "leaked"}
    shared = {"kty": "oct", "k": b64(b"x" * 32), "kid": "shared", "alg": "HS256"}
    junk = [7, None, {}, {"kty": "RSA"}, {"kty": ["EC"]}, {"kty": "EC", "crv": "P-256", "x": 1}]
    junk += [{**good.jwk, "key_ops": 7}, {**good.jwk, "kid": 5}, {**good.jwk, "use": "enc"}]
    keys = {"keys": [leaked, shared, *junk, {**Signer().jwk, "alg": "RS256"}, good.jwk]}
    rp = make_machine(token_endpoint_auth_method="private_key_jwt", jwks=keys)

    assert is_refused(show(rp, signer.assertion(rp.client_id)))
    assert is_refused(show(rp, by_secret(b"x" * 32, assertion_claims(rp.client_id))))
    assert show(rp, good.assertion(rp.client_id)).status_code == 200
