"""What every answer carries, whichever part of us made it."""

import uuid

import pytest

from gatehouse.core.headers import NOTHING_MAY_LOAD

# It shall be refused, or done, before a database is asked; the stricter one would tell.
pytestmark = pytest.mark.only_on("postgresql")

LIVE = "/api/health/live"
ME = "/api/v1/users/me"
SECRET = "postgresql://u:hunter2@db/x"


def failing_authenticator(*_arguments, **_options):
    raise RuntimeError(f"SELECT id; {SECRET}; /srv/gatehouse/core.py")


@pytest.fixture
def client(bare_app):
    return bare_app(Authenticator=failing_authenticator).test_client()


def answers(client):
    """One answer of each kind: a success, what Flask refuses, what we refuse, a mistake of ours."""
    return {
        200: client.get(LIVE),
        302: client.get("/api/docs/"),
        401: client.get(ME),
        404: client.get("/nowhere"),
        405: client.post(LIVE),
        413: client.post("/api/v1/auth/login", data=b"x" * 1_048_577),
        415: client.post("/api/v1/auth/login", data="{}", content_type="text/plain"),
        500: client.get(ME, headers={"Authorization": "Bearer ghs_x"}),
    }


@pytest.mark.parametrize("status", [200, 302, 401, 404, 405, 413, 415, 500])
def test_every_answer_has_the_security_headers(client, status):
    answer = answers(client)[status]

    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Content-Security-Policy"] == NOTHING_MAY_LOAD
    assert answer.headers["Cache-Control"] == "no-store"
    assert uuid.UUID(answer.headers["X-Request-ID"]).version == 4
    assert "Set-Cookie" not in answer.headers
    assert "Server" not in answer.headers


@pytest.mark.parametrize("status", [200, 302, 401, 404, 405, 413, 415, 500])
def test_no_header_is_said_twice(client, status):
    names = [name.lower() for name, _ in answers(client)[status].headers]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("status", [401, 404, 405, 413, 415, 500])
def test_every_refusal_is_in_the_envelope(client, status):
    answer = answers(client)[status]

    assert answer.content_type == "application/json"
    assert set(answer.json) == {"version", "success", "code", "message", "request_id", "error"}
    assert answer.json["code"] == status
    assert answer.json["success"] is False
    assert set(answer.json["error"]) == {"type", "details"}
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_a_mistake_of_ours_tells_the_request_id_and_nothing_else(client):
    """Threat 97."""
    answer = client.get(ME, headers={"Authorization": "Bearer ghs_x"})

    assert answer.json["error"] == {"type": "INTERNAL_ERROR", "details": {}}
    assert answer.json["message"] == "Something went wrong on our side."
    for word in ("hunter2", "SELECT", "Traceback", "RuntimeError", "/srv", "gatehouse"):
        assert word not in answer.text


def test_the_log_learns_what_the_caller_does_not(bare_app, capsys):
    client = bare_app(Authenticator=failing_authenticator).test_client()

    answer = client.get(ME, headers={"Authorization": "Bearer ghs_x"})

    logged = capsys.readouterr().out
    assert "RuntimeError" in logged
    assert answer.json["request_id"] in logged
    assert "hunter2" not in logged


def test_a_wrong_method_is_told_the_right_ones(client):
    answer = client.post(LIVE)

    assert answer.json["error"]["type"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/console", "/debug", "/__debugger__", "/.env", "/metrics"])
def test_there_is_no_debugger_and_nothing_to_find(client, path):
    """Threats 98 and 201."""
    assert client.get(path).status_code == 404
    assert client.get(f"{path}?__debugger__=yes&cmd=resource&f=debugger.js").status_code == 404


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [
        ("12345678", True),
        ("a" * 64, True),
        ("Trace.id_1-2", True),
        (str(uuid.UUID(int=7)), True),
        ("1234567", False),
        ("a" * 65, False),
        ("", False),
        ("with blank", False),
        ("slash/12345", False),
        ("<script>alert(1)</script>", False),
        ("12345678\r\nX-Evil: 1", False),
        ("12345678\n", False),
        ("12345678\x00", False),
        ("ünicode-12345", False),
        ("١٢٣٤٥٦٧٨", False),
        ("../../etc/passwd", False),
        ("a" * 100_000, False),
    ],
)
def test_a_request_id_is_taken_over_if_it_is_harmless(bare_app, sent, is_taken):
    """Threat 207."""
    environ = {"HTTP_X_REQUEST_ID": sent}

    answer = bare_app().test_client().get(LIVE, environ_overrides=environ)

    given = answer.headers["X-Request-ID"]
    assert answer.json["request_id"] == given
    if is_taken:
        assert given == sent
    else:
        assert given != sent
        assert uuid.UUID(given).version == 4


def test_two_requests_have_two_ids(client):
    one, other = client.get(LIVE), client.get(LIVE)

    assert one.headers["X-Request-ID"] != other.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("app_url", "is_told"),
    [
        ("https://id.example.org", True),
        ("http://localhost:5000", False),
        ("http://id.example.org", False),
    ],
)
@pytest.mark.parametrize("path", [LIVE, "/nowhere"])
def test_browsers_are_told_to_stay_with_https_only_where_there_is_https(
    bare_app, app_url, is_told, path
):
    answer = bare_app(APP_URL=app_url).test_client().get(path)

    found = answer.headers.get("Strict-Transport-Security")
    assert found == ("max-age=31536000; includeSubDomains" if is_told else None)


def test_the_page_of_the_api_has_a_policy_of_its_own(client):
    """Threat 89."""
    answer = client.get("/api/docs")

    policy = dict(
        part.split(None, 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert answer.content_type == "text/html; charset=utf-8"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "<script>" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_assets_of_that_page_may_be_kept_and_cannot_be_climbed_out_of(client):
    """Threat 91."""
    assets = "/api/docs/assets"

    good = client.get(f"{assets}/api-docs.js")
    bad = [
        client.get(f"{assets}/{path}")
        for path in ("../openapi.py", "..%2fopenapi.py", "swagger-ui/../../settings.py", "%00")
    ]

    assert good.status_code == 200
    assert "max-age=86400" in good.headers["Cache-Control"]
    assert good.headers["X-Content-Type-Options"] == "nosniff"
    assert {answer.status_code for answer in bad} == {404}
    good.close()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", "", "[::1"])
def test_the_start_page_leads_to_our_own_pages_whatever_host_is_named(client, host):
    """Threats 1 and 2."""
    answer = client.get("/?next=//evil.example&redirect=%0d%0aSet-Cookie:x", headers={"Host": host})

    assert answer.status_code == 200
    assert "evil" not in answer.text
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
