"""Clients prove who they are by a secret, or fail to: OAUTH-04 to 07, 19, 20, 26, 27 and 30."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from json import loads
from typing import Any

import pytest
from flask import Flask

from gatehouse.clients.models import Client
from gatehouse.clients.rules import sha256_of, slow_hash
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.logging import LOGGER
from gatehouse.core.runtime import Runtime
from tests.relying import SECRET, Rp, basic, make_client

GRANT = {"grant_type": "client_credentials"}
MACHINE = {"grant_types": ["client_credentials"], "scopes": ["api"]}


def ask(rp: Rp, headers: Any = None, **sent: Any) -> Any:
    return rp.http.post("/oidc/token", data={**GRANT, **sent}, headers=headers or {})


def with_secrets(runtime: Runtime, rp: Rp, *secrets: dict[str, Any]) -> None:
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.db.get(Client, rp.client.id).secrets = list(secrets)


@pytest.mark.parametrize(
    ("chosen", "in_header", "in_form"),
    [
        ({}, 200, 200),
        ({"token_endpoint_auth_method": "client_secret_basic"}, 200, 401),
        ({"token_endpoint_auth_method": "client_secret_post"}, 401, 200),
    ],
)
def test_a_secret_may_stand_in_either_place_until_one_is_chosen(
    make_machine: Any, chosen: dict[str, str], in_header: int, in_form: int
):
    """OAUTH-04, OAUTH-30: both are places for one secret (RFC 6749 2.3.1)."""
    rp = make_machine(**chosen)

    assert ask(rp, basic(rp.client_id)).status_code == in_header
    assert ask(rp, client_id=rp.client_id, client_secret=SECRET).status_code == in_form


def test_what_is_wrong_is_told_in_one_text(make_machine: Any):
    """OAUTH-05, OAUTH-06, threat 26."""
    rp, other = make_machine(), make_machine()
    refused = [
        ask(rp, basic(rp.client_id, "wrong")),
        ask(rp, basic(rp.client_id, "")),
        ask(rp, basic(rp.client_id, SECRET + "x")),
        ask(rp, basic(rp.client_id, SECRET[:-1])),
        ask(rp, basic("nobody")),
        ask(rp, basic("nobody\x00")),
        ask(rp, basic("x" * 1000)),
        ask(rp, basic("ü")),
        ask(rp, client_id=rp.client_id, client_secret="wrong"),
        ask(rp, client_id="nobody", client_secret=SECRET),
        ask(rp, client_id=rp.client_id),
        ask(rp),
    ]

    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.data for answer in refused}) == 1
    assert refused[0].json["error"] == "invalid_client"
    assert all(one.headers["WWW-Authenticate"].startswith("Basic ") for one in refused)
    assert ask(other, basic(other.client_id)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic ====",
        "Basic " + b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"%ff:%fe").decode(),
        "Basic " + b64encode(b":").decode(),
        "Basic " + b64encode(b"a:b").decode() + " more",
        "Basic " + "A" * 5000,
        "Bearer abc",
        "DPoP abc",
        "Negotiate",
        "",
        "\xfc\xfc\xfc",
    ],
)
def test_junk_in_the_header_is_no_failure_of_ours(make_machine: Any, header: str):
    """OAUTH-27."""
    answer = ask(make_machine(), {"Authorization": header})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_two_proofs_in_one_request_are_refused(make_machine: Any):
    """OAUTH-19."""
    rp = make_machine()
    for sent in ({"client_secret": SECRET}, {"client_id": "another"}):
        answer = ask(rp, basic(rp.client_id), **sent)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert ask(rp, basic(rp.client_id), client_id=rp.client_id).status_code == 200


def test_the_address_of_a_request_proves_nothing(make_machine: Any):
    """OAUTH-20."""
    rp = make_machine()
    url = f"/oidc/token?client_id={rp.client_id}&client_secret={SECRET}"

    assert rp.http.post(url, data=GRANT).status_code == 401


def test_a_public_client_has_no_secret_to_show(make_machine: Any):
    """OAUTH-26, OAUTH-30, threat 26."""
    rp = make_machine(token_endpoint_auth_method="none")

    for secret in ("", SECRET):
        assert ask(rp, basic(rp.client_id, secret)).status_code == 401
    assert ask(rp, client_id=rp.client_id, client_secret=SECRET).status_code == 401
    answer = ask(rp, client_id=rp.client_id)
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_two_secrets_live_side_by_side_until_one_ends(make_machine: Any, runtime: Runtime):
    rp, now = make_machine(), datetime.now(UTC)
    ends = {"old": now + timedelta(hours=1), "over": now - timedelta(seconds=1), "new": None}
    stored = [
        {"id": name, "hash": sha256_of(name), "expires_at": at and at.isoformat()}
        for name, at in ends.items()
    ]
    with_secrets(runtime, rp, *stored)

    found = {name: ask(rp, basic(rp.client_id, name)).status_code for name in ends}

    assert found == {"old": 200, "over": 401, "new": 200}


def test_a_secret_that_a_person_chose_is_hashed_slowly(make_machine: Any, runtime: Runtime):
    rp = make_machine()
    with_secrets(runtime, rp, {"id": "1", "hash": slow_hash("acme_secret"), "expires_at": None})

    assert ask(rp, basic(rp.client_id, "acme_secret")).status_code == 200
    assert ask(rp, basic(rp.client_id, "acme_secret")).status_code == 200
    assert ask(rp, basic(rp.client_id, "acme_secre")).status_code == 401
    assert ask(rp, basic(rp.client_id, "x" * 1800)).status_code == 401


@pytest.fixture
def strict(make_app: Any) -> Flask:
    """An app in which few failures are too many."""
    return make_app(RATELIMIT_CLIENT="3/hour")


def test_whoever_fails_often_is_refused(strict: Flask, address: str):
    """Counted by address: the ninth wrong secret and the fourth are the same to others."""
    runtime = strict.extensions["gatehouse"]
    rp = Rp(strict, make_client(runtime, **MACHINE), address)
    other = Rp(strict, rp.client, address.replace("10.", "11.", 1))

    statuses = [ask(rp, basic(rp.client_id, "wrong")).status_code for _ in range(5)]

    assert statuses == [401, 401, 401, 429, 429]
    answer = ask(rp, basic("nobody"))
    assert (answer.status_code, answer.json["error"]) == (429, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert ask(rp, basic(rp.client_id)).status_code == 200
    assert ask(other, basic(rp.client_id, "wrong")).status_code == 401


def test_guessing_a_chosen_secret_ends_although_it_is_right(strict: Flask, address: str):
    runtime = strict.extensions["gatehouse"]
    rp = Rp(strict, make_client(runtime, **MACHINE), address)
    secret = f"chosen {rp.client_id}"
    with_secrets(runtime, rp, {"id": "1", "hash": slow_hash(secret), "expires_at": None})

    statuses = [ask(rp, basic(rp.client_id, guess)).status_code for guess in ("a", "b", "c", "d")]

    assert statuses == [401, 401, 401, 429]
    assert ask(rp, basic(rp.client_id, secret)).status_code == 429


def test_a_client_calls_as_often_as_it_may(make_machine: Any):
    rp, other = make_machine(rate_limit="2/hour"), make_machine(rate_limit="")

    statuses = [ask(rp, basic(rp.client_id)).status_code for _ in range(4)]

    assert statuses == [200, 200, 429, 429]
    assert ask(other, basic(other.client_id)).status_code == 200


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        (["10.0.0.0/8"], 200),
        (["192.0.2.0/24", "10.0.0.0/8"], 200),
        (["192.0.2.0/24"], 401),
        (["2001:db8::/32"], 401),
        (["junk"], 401),
    ],
)
def test_a_client_calls_from_its_own_networks(make_machine: Any, networks: Any, status: int):
    rp = make_machine(ip_allowlist=networks)

    assert ask(rp, basic(rp.client_id)).status_code == status


@pytest.fixture
def own_log() -> Iterator[None]:
    """What a test does to the log is undone after it."""
    handlers, level = list(LOGGER.handlers), LOGGER.level
    yield
    LOGGER.handlers[:] = handlers
    LOGGER.setLevel(level)


@pytest.mark.usefixtures("own_log")
def test_a_refusal_is_a_line_of_the_log_without_the_secret(
    make_app: Any, capsys: pytest.CaptureFixture[str], address: str
):
    """Threat 75."""
    app = make_app(LOG_LEVEL="warning", LOG_FORMAT="json")
    rp = Rp(app, make_client(app.extensions["gatehouse"], **MACHINE), address)
    capsys.readouterr()
    ask(rp, basic(rp.client_id, "my_wrong_one"))
    ask(rp, basic("gcs_a_secret_in_the_wrong_place", "x"))
    both = ask(rp, basic(rp.client_id), client_id=rp.client_id, client_secret="my_wrong_one")

    lines = [loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["message"] for line in lines] == [
        f"A client was refused: {rp.client_id}, wrong_secret.",
        "A client was refused: one unknown, unknown_client.",
        f"A client was refused: {rp.client_id}, {both.json['error_description']}",
    ]
    assert all(line["request_id"] for line in lines)
