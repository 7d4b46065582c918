"""Limits over HTTP: exact over all workers, and with no way around them (threat 203)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import time_machine

from gatehouse.core.settings import SettingsRefused
from tests.conftest import client_of

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
ME = "/api/v1/users/me"
NOON = "2026-01-01T12:00:00Z"
_networks = count(1)


@pytest.fixture(autouse=True)
def _the_clock_stands_still():
    """So that no window ends in the middle of a test."""
    with time_machine.travel(NOON, tick=False):
        yield


def statuses(client, times: int, path: str = LOGIN, **options):
    return [client.post(path, json={}, **options).status_code for _ in range(times)]


@pytest.mark.parametrize(("path", "name"), [(LOGIN, "LOGIN"), (REGISTER, "REGISTER")])
def test_the_limit_is_counted_down_and_then_refused(make_app, address, path, name):
    client = client_of(make_app(**{f"RATELIMIT_{name}": "3/day"}), address)

    answers = [client.post(path, json={}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    told = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert told == ["2", "1", "0", "0", "0"]
    for answer in answers:
        assert answer.headers["X-RateLimit-Limit"] == "3"
        assert answer.headers["X-RateLimit-Reset"] == "43200"
    refused = answers[-1]
    assert refused.headers["Retry-After"] == "43200"
    assert refused.json["error"] == {
        "type": "RATE_LIMIT_EXCEEDED",
        "details": {"retry_after": 43_200},
    }


def test_a_success_tells_the_limit_too(make_app, make, address):
    client = client_of(make_app(RATELIMIT_LOGIN="3/day"), address)
    user = make.user()

    answer = client.post(
        LOGIN, json={"email": user.email, "password": "correct horse battery staple"}
    )

    assert answer.status_code == 200
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["X-RateLimit-Remaining"] == "2"
    assert "Retry-After" not in answer.headers


def test_a_new_window_lets_the_caller_in_again(make_app, address):
    client = client_of(make_app(RATELIMIT_LOGIN="2/minute;3/hour"), address)
    with time_machine.travel(NOON, tick=False) as clock:
        assert statuses(client, 3) == [400, 400, 429]
        clock.shift(60)
        # The refused call counted against the hour as well.
        assert statuses(client, 1) == [429]
        clock.shift(3600)
        assert statuses(client, 1) == [400]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.{n}"},
        {"X-Forwarded-For": "203.0.113.{n}, 203.0.113.1"},
        {"Forwarded": "for=203.0.113.{n}"},
        {"X-Real-IP": "203.0.113.{n}"},
        {"X-Request-ID": "request-id-{n}"},
        {"User-Agent": "agent {n}"},
        {"Authorization": "Bearer {n}"},
        {"X-HTTP-Method-Override": "GET"},
        {"Host": "host-{n}.example"},
        {"Origin": "https://{n}.example"},
    ],
)
def test_no_header_of_the_caller_makes_another_bucket(make_app, address, headers):
    """Threats 117 and 203."""
    client = client_of(make_app(RATELIMIT_LOGIN="2/day"), address)

    told = [
        client.post(
            LOGIN,
            json={},
            headers={name: value.format(n=number) for name, value in headers.items()},
        ).status_code
        for number in range(4)
    ]

    assert told == [400, 400, 429, 429]


def test_neither_query_nor_spelling_makes_another_bucket(make_app, address):
    """Threat 203: what is another bucket must not be the same route."""
    client = client_of(make_app(RATELIMIT_LOGIN="2/day"), address)
    assert statuses(client, 2) == [400, 400]

    for path in (LOGIN, f"{LOGIN}?x=1", f"{LOGIN}?", "/api/v1/auth/%6cogin"):
        assert client.post(path, json={}).status_code == 429, path
    for path in (
        f"{LOGIN}/",
        "/api/v1//auth/login",
        "/API/v1/auth/login",
        f"{LOGIN};x",
        f"{LOGIN}%00",
    ):
        assert client.post(path, json={}).status_code == 404, path


def test_with_a_trusted_proxy_each_caller_has_a_bucket(make_app, worker, address):
    app = make_app(RATELIMIT_LOGIN="1/day", TRUSTED_PROXY_HOPS="1")
    client = client_of(app, address)
    network = f"2001:db8:{worker:x}:{next(_networks):x}"
    one, other = f"203.0.113.1, {address}", f"203.0.113.1, {network}::1"

    assert statuses(client, 2, headers={"X-Forwarded-For": one}) == [400, 429]
    assert statuses(client, 2, headers={"X-Forwarded-For": other}) == [400, 429]


def test_all_addresses_of_an_ipv6_network_are_one_bucket(make_app, worker, backend):
    """Threat 203."""
    app = make_app(RATELIMIT_LOGIN="2/day")
    network = f"2001:db8:{worker:x}:{next(_networks):x}"
    other = f"2001:db8:{worker:x}:{next(_networks):x}"

    told = [
        client_of(app, f"{network}::{n:x}").post(LOGIN, json={}).status_code for n in range(1, 5)
    ]

    assert told == [400, 400, 429, 429]
    assert client_of(app, f"{other}::1").post(LOGIN, json={}).status_code == 400


def test_limits_can_be_switched_off(make_app, address):
    client = client_of(make_app(RATELIMIT_LOGIN="1/day", RATELIMIT_ENABLED="false"), address)

    answers = [client.post(LOGIN, json={}) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {400}
    assert not any("X-RateLimit-Limit" in answer.headers for answer in answers)


def test_a_wrong_limit_is_refused_at_the_start(make_app):
    with pytest.raises(SettingsRefused, match="RATELIMIT_LOGIN"):
        make_app(RATELIMIT_LOGIN="a lot")


@pytest.mark.slow
def test_a_restart_and_another_worker_count_on(make_app, address):
    """Threat 203."""
    assert statuses(client_of(make_app(RATELIMIT_LOGIN="2/day"), address), 1) == [400]
    assert statuses(client_of(make_app(RATELIMIT_LOGIN="2/day"), address), 1) == [400]
    assert statuses(client_of(make_app(RATELIMIT_LOGIN="2/day"), address), 1) == [429]


def test_two_routes_are_two_buckets(make_app, address):
    app = make_app(RATELIMIT_LOGIN="1/day", RATELIMIT_REGISTER="1/day")
    client = client_of(app, address)

    assert statuses(client, 2) == [400, 429]
    assert statuses(client, 2, REGISTER) == [400, 429]


@pytest.mark.parametrize(("path", "name"), [(LOGIN, "LOGIN"), (REGISTER, "REGISTER")])
def test_many_at_once_do_not_exceed_the_limit(make_app, address, path, name):
    """Threat 115."""
    apps = [make_app(**{f"RATELIMIT_{name}": "7/day"}) for _ in range(2)]

    def call(number: int) -> int:
        return client_of(apps[number % 2], address).post(path, json={}).status_code

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(call, range(30)))

    assert told.count(429) == 23
    assert told.count(400) == 7


def test_whoever_is_signed_in_has_a_general_limit(make_app, make):
    app = make_app(RATELIMIT_API="3/day")
    headers, stranger = make.bearer(make.user()), make.bearer(make.user())
    client = client_of(app)

    answers = [client.get(ME, headers=headers) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[-1].headers["Retry-After"] == "43200"
    assert client.get(ME, headers=stranger).status_code == 200


def test_the_general_limit_is_the_accounts_not_the_sessions(make_app, make):
    """Threat 203: signing in again is no way around it."""
    app = make_app(RATELIMIT_API="2/day")
    user = make.user()
    client = client_of(app)

    told = [client.get(ME, headers=make.bearer(user)).status_code for _ in range(3)]

    assert told == [200, 200, 429]


def test_without_a_token_that_holds_the_general_limit_counts_nobody(make_app, make):
    client = client_of(make_app(RATELIMIT_API="1/day"))

    told = [client.get(ME, headers={"Authorization": "Bearer x"}).status_code for _ in range(3)]

    assert told == [401, 401, 401]


def test_the_general_limit_obeys_the_switch(make_app, make):
    client = client_of(make_app(RATELIMIT_API="1/day", RATELIMIT_ENABLED="false"))
    headers = make.bearer(make.user())

    answers = [client.get(ME, headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "X-RateLimit-Limit" not in answers[0].headers
