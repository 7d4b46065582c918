"""What machines and people ask most of the API: the fast lane and the usual way answer alike."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from gatehouse.core.rate_limit import count, parse
from gatehouse.core.runtime import Runtime
from tests.lanes import BothWays, seen
from tests.ssh_certificates.offices import PREVIEW, SIGN, Office

ME = "/api/v1/auth/me"


@pytest.fixture
def both(app: Flask) -> BothWays:
    return BothWays(app)


def without(name: str, answer: Any) -> list[tuple[str, str]]:
    return sorted(each for each in answer.headers.items() if not each[0].startswith(name))


def plain(answer: Any) -> Any:
    """Without what counts calls."""
    status, headers, data = seen(answer)
    asked = answer.headers["X-Request-ID"].encode()
    kept = [each for each in headers if not each[0].startswith("X-RateLimit-")]
    return status, kept, data.replace(asked, b"-")


@pytest.mark.parametrize("name", ["krl", "krl.sig", "krl.json"])
def test_a_list_is_told_alike(office: Office, both: BothWays, name: str):
    path = f"/api/v1/ssh/orgs/{office.org.slug}/{name}"
    by_id = f"/api/v1/ssh/orgs/{office.org.id}/{name}"
    tag = office.http.get(path).headers["ETag"]
    same = {"If-None-Match": tag}
    cases: list[tuple[str, str, dict[str, Any], int, int]] = [
        ("GET", path, {}, 200, 1),
        ("GET", by_id, {}, 200, 1),
        ("GET", path, {"headers": same}, 304, 1),
        ("GET", by_id, {"headers": same}, 304, 1),
        ("GET", path, {"headers": {"If-None-Match": f"W/{tag}"}}, 304, 1),
        ("GET", path, {"headers": {"If-None-Match": "*"}}, 304, 1),
        ("GET", path, {"headers": {"If-None-Match": f'"x", {tag}'}}, 304, 1),
        ("GET", path, {"headers": {"If-None-Match": '"x"'}}, 200, 1),
        ("GET", f"{path}?x=1", {"headers": same}, 304, 1),
        ("GET", path, {"data": b"x", "headers": same}, 304, 1),
        ("HEAD", path, {}, 200, 0),
        ("HEAD", path, {"headers": same}, 304, 0),
        ("POST", path, {}, 405, 0),
        ("GET", path.replace(office.org.slug, "nobody"), {}, 404, 1),
        ("GET", path.replace(office.org.slug, "%00"), {}, 404, 0),
        ("GET", path.replace(office.org.slug, "a/b"), {}, 404, 0),
        ("GET", path.replace(office.org.slug, ""), {}, 404, 0),
        ("GET", f"{path}/", {}, 404, 0),
    ]
    for method, at, options, status, taken in cases:
        before = both.taken
        fast, usual = both(method, at, **options)

        assert fast.status_code == status, (method, at, options)
        assert plain(fast) == plain(usual), (method, at, options)
        assert both.taken - before == taken, (method, at, options)


def test_who_somebody_is_is_told_alike(office: Office, both: BothWays):
    cases: list[tuple[str, dict[str, Any], int]] = [
        ("GET", {"headers": office.as_member}, 200),
        ("GET", {"headers": office.as_member}, 200),  # As the cache had it ready.
        ("GET", {}, 401),
        ("GET", {"headers": {"Authorization": "Bearer x"}}, 401),
        ("GET", {"headers": {"Authorization": "Basic eDp5"}}, 401),
        ("HEAD", {"headers": office.as_member}, 200),
        ("DELETE", {"headers": office.as_member}, 405),
    ]
    for method, options, status in cases:
        fast, usual = both(method, ME, **options)

        assert fast.status_code == status, (method, options)
        assert plain(fast) == plain(usual), (method, options)
    assert both.taken == 5


def test_what_is_not_signed_is_refused_alike(office: Office, both: BothWays):
    mine, other = office.as_member, office.signed()["id"]
    cases: list[tuple[dict[str, Any], int]] = [
        ({"json": {}}, 401),
        ({"json": {"key_id": "x"}, "headers": mine}, 400),
        ({"json": {"key_id": other}, "headers": mine}, 404),
        ({"json": {"principals": ["root"]}, "headers": mine}, 403),
        ({"json": {"nothing": 1}, "headers": mine}, 400),
        ({"json": [], "headers": mine}, 400),
        ({"data": b"{", "content_type": "application/json", "headers": mine}, 400),
        ({"data": b"{}", "content_type": "text/plain", "headers": mine}, 415),
        ({"data": {"a": "b"}, "headers": mine}, 415),
        ({"json": {"reason": "x" * 70_000}, "headers": mine}, 400),
        ({"data": b"x" * 1_100_000, "content_type": "application/json", "headers": mine}, 413),
        ({"json": {}, "headers": {**mine, "Idempotency-Key": "x"}}, 400),
    ]
    for options, status in cases:
        fast, usual = both("POST", SIGN, **options)

        assert fast.status_code == status, (options, fast.text)
        assert plain(fast) == plain(usual), options
    assert both.taken == len(cases) - 2  # Long ones go the usual way.


def test_a_certificate_is_like_any_other(office: Office, both: BothWays):
    fast, usual = both("POST", SIGN, json={"principals": ["deploy"]}, headers=office.as_member)

    assert fast.status_code == usual.status_code == 201
    ours, theirs = fast.json["data"], usual.json["data"]
    assert ours["serial"] + 1 == theirs["serial"]
    assert ours.keys() == theirs.keys()
    assert without("X-R", fast) == without("X-R", usual)


def test_a_request_with_a_key_is_done_once_by_both_ways(office: Office, both: BothWays):
    headers = {**office.as_member, "Idempotency-Key": "once-by-both-ways"}

    fast, usual = both("POST", SIGN, json={"principals": ["deploy"]}, headers=headers)

    assert fast.status_code == usual.status_code == 201
    assert fast.json["data"] == usual.json["data"]
    assert "Idempotent-Replay" not in fast.headers
    assert usual.headers["Idempotent-Replay"] == "true"


def over_http_2(office: Office, path: str, body: bytes, kind: str = "application/json") -> Any:
    """What granian makes of a body without a length: HTTP/2 needs none (RFC 9113 8.1)."""
    without = {
        "SERVER_PROTOCOL": "HTTP/2.0",
        "CONTENT_LENGTH": "",
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(body),
    }
    sent = {"content_type": kind, "headers": office.as_member}
    return office.http.post(path, environ_overrides=without, **sent)


@pytest.mark.parametrize("path", [SIGN, PREVIEW])
def test_a_body_without_a_length_is_a_body(office: Office, path: str):
    """Nobody gets more than they asked for."""
    told = over_http_2(office, path, b'{"ttl_seconds": 60, "extensions": []}').json["data"]

    assert told["extensions"] == []
    assert over_http_2(office, path, b'{"nothing": 1}').status_code == 400
    assert over_http_2(office, path, b"{}", "text/plain").status_code == 415
    assert over_http_2(office, path, b"{" + b" " * 1_100_000 + b"}").status_code == 413


def test_a_route_without_a_body_refuses_one_without_a_length(office: Office):
    odd = over_http_2(office, "/api/v1/auth/sessions/refresh", b'{"nope": 1}')

    assert odd.status_code == 400, odd.text


def test_a_body_that_ends_too_early_is_refused(office: Office, both: BothWays):
    options = {"data": b"{}", "content_type": "application/json", "headers": office.as_member}

    fast, usual = both("POST", SIGN, environ_overrides={"CONTENT_LENGTH": "20"}, **options)

    assert fast.status_code == 408
    assert plain(fast) == plain(usual)


@pytest.mark.usefixtures("clock")
def test_a_limit_is_one_count_however_somebody_is_known(office: Office, runtime: Runtime):
    """By a session it is counted with that; by an access token, as here, by itself."""
    office.signed()
    office.signed()

    rules, who = parse("30/minute"), f"ssh_sign::{office.member.user_id}"
    told = count(runtime.store, who, rules, datetime.now(UTC).timestamp())

    assert told.remaining == 27
