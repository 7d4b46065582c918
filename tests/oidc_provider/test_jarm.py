"""Answers that we sign (JARM)."""

import time
from typing import Any

import pytest

from tests.relying import HIDDEN, ISSUER, REDIRECT, Person, Rp, answer_of


def signed_answer(rp: Rp, answer: Any) -> Any:
    """What the signed answer says, wherever it stands; there is nothing beside it."""
    said = answer_of(answer.headers.get("Location", ""))
    if not said:
        said = dict(HIDDEN.findall(answer.text))
    assert said.keys() == {"response"}
    return rp.read(said["response"])


@pytest.mark.parametrize(
    ("mode", "sign"),
    [("jwt", "?"), ("query.jwt", "?"), ("fragment.jwt", "#"), ("form_post.jwt", "")],
)
def test_everything_is_in_the_signed_answer(person: Person, make_rp: Any, mode: str, sign: str):
    """JARM-01, JARM-02, ISS-01, ISS-02."""
    rp = make_rp(authorization_signed_response_alg="ES256")
    refused = person.open(rp.url(response_mode=mode, prompt="none"))
    error = signed_answer(rp, refused).claims
    assert (error["error"], error["state"], error["iss"], error["aud"]) == (
        *("login_required", "some state", ISSUER),
        rp.client_id,
    )

    answer = person.go_through(rp.url(response_mode=mode))

    if sign:
        assert answer.headers["Location"].startswith(f"{REDIRECT}{sign}response=")
    token = signed_answer(rp, answer)
    claims = token.claims
    assert token.header["alg"] == "ES256"
    assert claims.keys() == {"iss", "aud", "exp", "code", "state"}
    assert 0 < claims["exp"] - time.time() <= 600
    assert rp.redeem(claims["code"]).status_code == 200


def test_a_signed_answer_is_nothing_else(person: Person, rp: Rp):
    """Threat 55: neither a hint nor a token."""
    answer = person.go_through(rp.url(response_mode="jwt"))
    token = answer_of(answer.headers["Location"])["response"]

    said = answer_of(person.open(rp.url(id_token_hint=token)).headers["Location"])
    assert said["error"] == "invalid_request"
    assert rp.userinfo(token).status_code == 401


def test_a_client_that_takes_signed_answers_alone_gets_no_other(person: Person, make_rp: Any):
    """FAPI-06: an attacker cannot ask for less."""
    rp = make_rp(response_modes=["query.jwt"])
    for mode in ("query", "fragment", "form_post", "fragment.jwt"):
        claims = signed_answer(rp, person.open(rp.url(response_mode=mode))).claims
        assert claims["error"] == "invalid_request"

    assert "code" in signed_answer(rp, person.go_through(rp.url())).claims
