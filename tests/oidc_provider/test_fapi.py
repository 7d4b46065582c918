"""FAPI 2.0 at the endpoints that clients call themselves: FAPI-01 to FAPI-05."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from gatehouse.clients.models import Client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.models import AuthorizationCode
from tests.proving import TOKEN, USERINFO, Signer, asserted
from tests.relying import ISSUER, Person, Rp, basic

FAPI: dict[str, Any] = {"profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt"}
PUSH = f"{ISSUER}/oidc/par"
CODE = {"grant_type": "authorization_code"}


class Fapi:
    """An application that does all as FAPI 2.0 wants it."""

    def __init__(self, rp: Rp, signer: Signer, key: Signer) -> None:
        self.rp, self.signer, self.key = rp, signer, key

    def call(self, path: str, *, proof: str | None = "", aud: Any = ISSUER, **sent: Any) -> Any:
        """Call an endpoint with a new assertion, and with a new proof unless that is None."""
        proof = self.key.proof(f"{ISSUER}{path}") if proof == "" else proof
        data = asserted(self.signer.assertion(self.rp.client_id, aud=aud), **sent)
        headers = {"DPoP": proof} if proof else {}
        return self.rp.http.post(path, data=data, headers=headers)

    def pushed(self, **params: Any) -> str:
        """The address of a request that was pushed."""
        found = self.rp.http.get("/.well-known/openid-configuration").json
        if "pushed_authorization_request_endpoint" not in found:
            return self.rp.url(dpop_jkt=self.key.jkt, **params)
        answer = self.call("/oidc/par", **self.rp.request(**params))
        assert answer.status_code == 201, answer.text
        sent = {"client_id": self.rp.client_id, "request_uri": answer.json["request_uri"]}
        return f"/oidc/authorize?{urlencode(sent)}"

    def code(self, person: Person, **params: Any) -> str:
        location = person.go_through(self.pushed(**params)).headers["Location"]
        return location.partition("code=")[2].partition("&")[0]

    def redeem(self, code: str, **sent: Any) -> Any:
        usual = {
            **CODE,
            "code": code,
            "redirect_uri": self.rp.request()["redirect_uri"],
            "code_verifier": self.rp.verifier,
        }
        return self.call("/oidc/token", **{**usual, **sent})


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("PS256", "signs")


@pytest.fixture
def make_fapi(make_rp: Any, signer: Signer) -> Any:
    def made(**settings: Any) -> Fapi:
        chosen = {**FAPI, "jwks": signer.jwks, "dpop_bound_access_tokens": True, **settings}
        return Fapi(make_rp(**chosen), signer, Signer("ES256"))

    return made


@pytest.fixture
def fapi(make_fapi: Any) -> Fapi:
    return make_fapi()


def test_the_whole_way(person: Person, fapi: Fapi):
    """FAPI-01, FAPI-04."""
    code = fapi.code(person, scope="openid offline_access", state="s" * 128, nonce="n" * 64)
    tokens = fapi.redeem(code).json

    assert tokens["token_type"] == "DPoP", tokens
    identity = fapi.rp.read(tokens["id_token"])
    assert identity.header["alg"] == "ES256"
    assert identity.claims["nonce"] == "n" * 64
    token = tokens["access_token"]
    proof = fapi.key.proof(USERINFO, "GET", token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert fapi.rp.http.get("/oidc/userinfo", headers=headers).status_code == 200
    told = fapi.call("/oidc/introspect", token=token, proof=None).json
    assert told["cnf"] == {"jkt": fapi.key.jkt}


def test_the_proof_of_the_beginning_binds_the_code(person: Person, fapi: Fapi):
    """FAPI-02, FAPI-03."""
    code = fapi.code(person)

    other = fapi.redeem(code, proof=Signer("ES256").proof())
    assert (other.status_code, other.json["error"]) == (400, "invalid_grant")
    assert fapi.redeem(code).status_code == 200


def test_its_refresh_token_stays_the_same(person: Person, fapi: Fapi):
    """FAPI-05."""
    token = fapi.redeem(fapi.code(person, scope="openid offline_access")).json["refresh_token"]
    sent = {"grant_type": "refresh_token", "refresh_token": token}

    for _ in range(3):
        assert fapi.call("/oidc/token", **sent).json["refresh_token"] == token
    assert fapi.call("/oidc/token", proof=None, **sent).json["error"] == "invalid_dpop_proof"


def test_a_token_that_is_bound_to_nothing_is_not_given(person: Person, make_fapi: Any):
    """FAPI-05: also if nobody chose what it is bound to."""
    fapi = make_fapi(dpop_bound_access_tokens=False)
    code = fapi.code(person)

    bare = fapi.redeem(code, proof=None)
    assert (bare.status_code, bare.json["error"]) == (400, "invalid_dpop_proof")
    assert fapi.redeem(code).json["token_type"] == "DPoP"


def test_a_code_lives_a_minute_at_most(
    person: Person, make_fapi: Any, runtime: Runtime, make_rp: Any
):
    """FAPI-05."""
    for rp, longest in ((make_fapi(code_lifetime=300), 60), (make_rp(code_lifetime=300), 300)):
        rp.code(person) if isinstance(rp, Fapi) else person.code_for(rp)
        row_id = (rp.rp if isinstance(rp, Fapi) else rp).client.id
        with runtime.reading() as db:
            found = db.scalars(select(AuthorizationCode).filter_by(client_row_id=row_id)).one()
        assert found.expires_at - found.created_at == timedelta(seconds=longest)


@pytest.mark.parametrize(
    "aud", [TOKEN, PUSH, [ISSUER], [ISSUER, TOKEN], f"{ISSUER}/", f"{ISSUER}/oidc/revoke"]
)
def test_its_assertion_names_us_and_nothing_else(fapi: Fapi, aud: Any):
    """FAPI-05, JWTA-02: the issuer, as a string."""
    answer = fapi.call("/oidc/revoke", aud=aud, token="x")

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert fapi.call("/oidc/revoke", token="x").status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_weak_signatures_do_not_count(make_fapi: Any, alg: str):
    """FAPI-05: for assertions and for proofs."""
    weak = Signer(alg)
    fapi = make_fapi(jwks=weak.jwks, grant_types=["client_credentials"], scopes=["api"])
    fapi.signer = weak
    sent = {"grant_type": "client_credentials"}

    expected = (401, "invalid_client") if alg == "RS256" else (200, None)
    answer = fapi.call("/oidc/token", **sent)
    assert (answer.status_code, answer.json.get("error")) == expected
    if alg != "RS256":
        answer = fapi.call("/oidc/token", proof=Signer("RS256").proof(), **sent)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_jwt", "none"])
def test_a_secret_is_no_proof(make_rp: Any, runtime: Runtime, method: str):
    """FAPI-05: whatever stands in the row."""
    rp = make_rp(grant_types=["client_credentials"], scopes=["api"])
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = ctx.db.get(Client, rp.client.id)
        row.settings = {**row.settings, "profile": "fapi2", "token_endpoint_auth_method": method}
    sent: dict[str, Any] = {"grant_type": "client_credentials", "client_id": rp.client_id}
    headers = {} if method == "none" else basic(rp.client_id)

    answer = rp.http.post("/oidc/token", data=sent, headers=headers)

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
