"""Paths, queries, methods and headers that nobody should send."""

from uuid import uuid4

import pytest

from gatehouse.core.roles import Role
from gatehouse.core.tokens import SESSION, is_well_formed

# It shall be refused, or done, before a database is asked; the stricter one would tell.
pytestmark = pytest.mark.only_on("postgresql")

LOGIN = "/api/v1/auth/login"
ORGANIZATIONS = "/api/v1/organizations"
OWN = "/api/v1/users/me/organizations"
AUDIT = "/api/v1/auth/audit-logs"
ME = "/api/v1/users/me"


@pytest.fixture
def headers(make):
    return make.bearer(make.user())


def assert_refused(answer, status: int, kind: str, field: str | None = None):
    assert answer.status_code == status, answer.text
    assert answer.json["error"]["type"] == kind
    if field:
        assert answer.json["error"]["details"][field]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "x",
        "null",
        "me%00",
        "%00",
        "%20",
        "00000000-0000-0000-0000-00000000000",
        "00000000-0000-0000-0000-0000000000000",
        "00000000000000000000000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        "0000000g-0000-0000-0000-000000000000",
        "00000000-0000-0000-0000-000000000000%0a",
        "%d9%a0%d9%a0000000-0000-0000-0000-000000000000",
        "%ff%fe",
        "';DROP TABLE users;--",
        "$%7Benv:HOME%7D",
        "..",
        "a" * 10_000,
    ],
)
def test_an_id_in_a_path_is_a_uuid_or_is_refused_by_its_name(client, headers, text):
    """Threat 213."""
    answer = client.get(f"{ORGANIZATIONS}/{text}", headers=headers)

    assert_refused(answer, 400, "VALIDATION_ERROR", "org_id")


def test_an_id_may_be_written_in_capitals(client, make):
    org = make.organization()
    headers = make.bearer(make.member(org))

    answer = client.get(f"{ORGANIZATIONS}/{str(org.id).upper()}", headers=headers)

    assert answer.status_code == 200


def test_whoever_is_not_signed_in_learns_nothing_of_ids(client):
    assert client.get(f"{ORGANIZATIONS}/x").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        f"{ME}/",
        f"{ME}//",
        f"/{ME}",
        "/api//v1/users/me",
        "/api/v1/users//me",
        "/api/v1/users/me%2f",
        "/api/v1/users/me%00",
        "/api/v1/users/me%20",
        "/api/v1/users/me;x=1",
        "/api/v1/users/me.json",
        "/api/v1/users/ME",
        "/API/v1/users/me",
        "/api/v1/users/./me",
        "/api/v1/x/../users/me",
        "/api/v1/users/%2e%2e/users/me",
        "/api/v1/users/me%23",
        "/api/v1/users/me%3f",
        "/api/v1\\users\\me",
        "/api/v1/users/me%5c",
        "/api/v1/users/%ef%bc%8fme",
        "/%2fevil.example",
        "/%5cevil.example/%2e%2e",
        "/%0d%0aSet-Cookie:%20x=1",
        "/" + "a/" * 5000,
        "/" + "%2e%2e%2f" * 50 + "etc/passwd",
    ],
)
def test_another_spelling_of_a_path_is_no_path(client, headers, path):
    """Threats 1, 2 and 187."""
    answer = client.get(path, headers=headers)

    assert_refused(answer, 404, "NOT_FOUND")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/users/%6de", "/api/v1/users%2fme", "/%61pi/v1/users/me"])
def test_an_encoded_path_is_the_path_and_under_the_same_rule(client, headers, path):
    """Threat 187: servers decode a path before we see it, so access is asked of the route."""
    assert client.get(path, headers=headers).status_code == 200
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("path", [OWN, AUDIT])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "1e3"),
        ("page", "x"),
        ("page", ""),
        ("page", "+1"),
        ("page", "%201"),
        ("page", "0x1"),
        ("page", str(10**12)),
        ("page", "9" * 10_000),
        ("page", "%d9%a1"),
        ("page", "%c2%b2"),
        ("page", "1%00"),
        ("page", "1;DROP TABLE users"),
        ("page", "true"),
        ("page", "null"),
        ("per_page", "0"),
        ("per_page", "201"),
        ("per_page", "-5"),
        ("per_page", str(10**12)),
        ("per_page", "all"),
    ],
)
def test_a_page_is_a_number_within_bounds(client, headers, path, name, value):
    """Threats 77 and 213."""
    answer = client.get(f"{path}?{name}={value}", headers=headers)

    assert_refused(answer, 400, "VALIDATION_ERROR", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success", "True"),
        ("success", "1"),
        ("success", "yes"),
        ("success", ""),
        ("user_id", "x"),
        ("user_id", "%00"),
        ("target_id", "1"),
        ("from", "yesterday"),
        ("from", "2026-01-01"),
        ("from", "2026-01-01T00:00:00"),
        ("to", "9999999999999"),
        ("to", "2026-13-01T00:00:00Z"),
        ("action", "a%00b"),
        ("action", "a%0ab"),
        ("action", "a" * 101),
        ("q", "%00"),
        ("q", "%1b[31m"),
        ("q", "a" * 101),
        ("cursor", "x"),
        ("cursor", ""),
    ],
)
def test_a_filter_of_the_wrong_kind_is_refused_by_its_name(client, headers, name, value):
    """Threats 77, 200 and 213."""
    answer = client.get(f"{AUDIT}?{name}={value}", headers=headers)

    assert_refused(answer, 400, "VALIDATION_ERROR", name)


@pytest.mark.parametrize(
    "query",
    [
        "q=%25",
        "q=_",
        "q=%27%20OR%201=1--",
        "q=%5c",
        "q=%ff%fe",
        "q=${jndi:ldap://x}",
        "action=%25",
        "action=*)(uid=*",
        "unknown=1&unknown=2",
        "page=1&page=x",
        "&&&===&",
        "%00=%00",
        "a" * 10_000,
        "&".join(f"a{n}=1" for n in range(5000)),
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-14:00",
    ],
)
def test_an_odd_query_is_no_failure_of_ours(client, headers, query):
    """Threats 200 and 213."""
    answer = client.get(f"{AUDIT}?{query}", headers=headers)

    assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "FOO", "GE T"])
@pytest.mark.parametrize("path", [LOGIN, ORGANIZATIONS, "/api/health"])
def test_a_method_that_a_path_does_not_take_is_refused(client, headers, method, path):
    """Threat 190."""
    answer = client.open(path, method=method, environ_overrides={"REQUEST_METHOD": method})

    assert_refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "OPTIONS" in answer.headers["Allow"]


def test_a_wrong_method_is_told_the_right_ones(client):
    answer = client.put(ME)

    assert answer.json["message"] == "This path takes DELETE, GET, PATCH only."
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


def test_who_looks_for_a_list_is_led_to_their_own(client):
    said = client.get(ORGANIZATIONS).json["message"]

    assert said == f"This path takes POST only. Your own are at GET {OWN}."
    assert "own" not in client.get(LOGIN).json["message"]


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", f"{LOGIN}/"])
def test_an_unknown_path_is_told_where_the_known_ones_are(client, path):
    answer = client.get(path)

    assert_refused(answer, 404, "NOT_FOUND")
    assert "/api/docs" in answer.json["message"]


def test_the_documentation_is_found_with_a_slash_at_its_end_too(client):
    answer = client.get("/api/docs/", follow_redirects=True)

    assert (answer.status_code, answer.request.path) == (200, "/api/docs")


@pytest.mark.parametrize(
    "override",
    [
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-HTTP-Method": "DELETE"},
        {"X-Method-Override": "DELETE"},
        {"_method": "DELETE"},
    ],
)
def test_a_method_cannot_be_overridden(client, make, override):
    """Threats 86 and 190."""
    org = make.organization()
    headers = make.bearer(make.member(org, Role.OWNER))
    url = f"{ORGANIZATIONS}/{org.id}"

    answers = [
        client.get(f"{url}?_method=DELETE", headers={**headers, **override}),
        client.post(url, headers={**headers, **override}, json={"_method": "DELETE"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 405]
    assert client.get(url, headers=headers).status_code == 200


def test_head_and_options_gain_no_right_and_do_nothing(client, make):
    """Threat 190."""
    org = make.organization()
    owner = make.bearer(make.member(org, Role.OWNER))
    stranger = make.bearer(make.user())
    url = f"{ORGANIZATIONS}/{org.id}"

    assert client.head(url, headers=owner).status_code == 200
    assert client.head(url, headers=owner).data == b""
    assert client.head(url, headers=stranger).status_code == 404
    assert client.head(url).status_code == 401
    assert client.head(LOGIN, headers=owner).status_code == 405
    told = client.options(url, headers=stranger)
    assert told.status_code == 200
    assert told.data == b""
    assert client.get(url, headers=owner).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_HOST", "evil.example"),
        ("HTTP_HOST", ""),
        ("HTTP_HOST", "a b"),
        ("HTTP_HOST", "[::1"),
        ("HTTP_HOST", "\xff"),
        ("HTTP_ACCEPT", "\x00"),
        ("HTTP_ACCEPT", "text/html;q=x;;;,"),
        ("HTTP_ACCEPT_LANGUAGE", "x" * 10_000),
        ("HTTP_ACCEPT_ENCODING", "gzip;q=1e999"),
        ("HTTP_IF_MODIFIED_SINCE", "tomorrow"),
        ("HTTP_IF_NONE_MATCH", '"' * 1000),
        ("HTTP_RANGE", "bytes=0-,0-,0-"),
        ("HTTP_RANGE", "bytes=9-1"),
        ("HTTP_EXPECT", "a miracle"),
        ("HTTP_TRANSFER_ENCODING", "chunked, chunked"),
        ("HTTP_UPGRADE", "h2c"),
        ("HTTP_CONNECTION", "close, X-Request-ID, Authorization"),
        ("HTTP_USER_AGENT", "\x00\x1b[31m\r\n" + "x" * 10_000),
        ("HTTP_REFERER", "javascript:x"),
        ("HTTP_DATE", "never"),
        ("HTTP_COOKIE", "\xff" * 5000),
        ("HTTP_X_FORWARDED_PROTO", "gopher"),
        ("HTTP_X_FORWARDED_HOST", "evil.example"),
        ("HTTP_X_FORWARDED_PREFIX", "/evil"),
        ("HTTP_X_SCRIPT_NAME", "/evil"),
        ("CONTENT_TYPE", "\xff;\x00"),
    ],
)
def test_an_odd_header_is_no_failure_of_ours(client, headers, name, value):
    """Threats 189 and 213."""
    environ = {name: value}

    answers = [
        client.get(ME, headers=headers, environ_overrides=environ),
        client.get("/nowhere", environ_overrides=environ),
        client.get("/api/docs", environ_overrides=environ),
    ]

    assert all(answer.status_code < 500 for answer in answers)
    assert not any("evil" in answer.text for answer in answers)


def test_a_user_agent_is_kept_readable_and_short(client, make, db):
    """Threats 90 and 207."""
    user = make.user()
    login = {"email": user.email, "password": "correct horse battery staple"}
    agent = "\x1b[31mMo\x00zilla\u2028<b>" + "x" * 1000

    token = client.post(
        LOGIN, json=login, environ_overrides={"HTTP_USER_AGENT": agent.encode().decode("latin-1")}
    ).json["data"]["token"]

    sessions = client.get("/api/v1/auth/sessions", headers={"Authorization": f"Bearer {token}"})
    kept = sessions.json["data"]["sessions"][0]["user_agent"]
    assert is_well_formed(token, SESSION)
    assert len(kept) == 255
    assert kept.isprintable()
    assert kept.startswith("[31mMozilla")


def test_a_body_where_none_is_expected_changes_nothing(client, headers):
    answer = client.get(ME, headers=headers, data=b"{", content_type="application/json")

    assert answer.status_code == 200


def test_a_foreign_id_is_as_good_as_none(client, make):
    org, other = make.organization(), make.organization()
    headers = make.bearer(make.member(org, Role.OWNER))
    stranger = make.member(other)

    for path in (f"members/{stranger.user_id}", f"members/{uuid4()}"):
        answer = client.delete(f"{ORGANIZATIONS}/{org.id}/{path}", headers=headers)
        assert answer.status_code == 404
