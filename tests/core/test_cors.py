"""Which pages may read our answers (threat 88)."""

import pytest

from tests.core.conftest import bare

# It shall be refused, or done, before a database is asked; the stricter one would tell.
pytestmark = pytest.mark.only_on("postgresql")

LIVE = "/api/health/live"
LOGIN = "/api/v1/auth/login"
APP = "https://app.example.org"
OTHER = "http://localhost:3000"
FOREIGN = [
    "https://evil.example",
    "null",
    "",
    "*",
    "https://app.example.org.evil.example",
    "https://evil-app.example.org",
    "https://xapp.example.org",
    "https://app.example.or",
    "https://sub.app.example.org",
    "http://app.example.org",
    "https://app.example.org:444",
    "https://app.example.org:443",
    "https://app.example.org/",
    "https://APP.example.org",
    "HTTPS://app.example.org",
    "https://app.example.org https://evil.example",
    "https://app.example.org, https://evil.example",
    "https://app.example.org\x00",
    "https://app+example.org",
    "https://app%2eexample.org",
    "https://user@app.example.org",
    "http://localhost:3001",
    "http://localhost",
    "http://127.0.0.1:3000",
]
PATHS = [LIVE, LOGIN, "/nowhere", "/api/docs", "/api/v1//auth", "/API/HEALTH/LIVE"]


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    app = bare(tmp_path_factory.mktemp("cors"), CORS_ORIGINS=f"{APP}, {OTHER}")
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def client(listing):
    return listing.test_client()


def allowed(answer):
    return {
        name: value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-allow-")
    }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [APP, OTHER])
def test_a_listed_origin_is_named(client, origin, path):
    answer = client.get(path, headers={"Origin": origin})

    assert allowed(answer) == {"Access-Control-Allow-Origin": origin}
    assert answer.headers["Vary"] == "Origin"
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert "X-Request-ID" in exposed
    assert "Retry-After" in exposed


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_other_origin_is_ever_named(client, origin):
    """Threat 88."""
    environ = {"HTTP_ORIGIN": origin}

    for path in PATHS:
        answer = client.get(path, environ_overrides=environ)
        assert allowed(answer) == {}, path
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", [LOGIN, "/nowhere"])
def test_no_other_origin_passes_a_preflight(client, origin, path):
    """Threat 88."""
    environ = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}

    answer = client.options(path, environ_overrides=environ)

    assert allowed(answer) == {}
    assert answer.status_code in (200, 404)


@pytest.mark.parametrize("path", [LIVE, LOGIN, "/api/v1/organizations/x", "/nowhere"])
def test_a_preflight_of_a_listed_origin_passes(client, path):
    asked = {"Origin": APP, "Access-Control-Request-Method": "DELETE"}

    answer = client.options(path, headers=asked)

    assert answer.status_code == 204
    assert answer.data == b""
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Vary"] == "Origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-ID"]


def test_cookies_are_never_invited(client):
    simple = client.get(LIVE, headers={"Origin": APP})
    preflight = client.options(
        LIVE, headers={"Origin": APP, "Access-Control-Request-Method": "POST"}
    )

    for answer in (simple, preflight):
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_caller_without_an_origin_is_told_that_answers_vary(client):
    answer = client.get(LIVE)

    assert allowed(answer) == {}
    assert answer.headers["Vary"] == "Origin"


def test_without_a_list_nobody_is_named(bare_app):
    client = bare_app().test_client()

    simple = client.get(LIVE, headers={"Origin": APP})
    preflight = client.options(
        LIVE, headers={"Origin": APP, "Access-Control-Request-Method": "POST"}
    )

    assert allowed(simple) == allowed(preflight) == {}
    assert "Vary" not in simple.headers


def test_a_refusal_can_be_read_by_a_listed_origin(client):
    answer = client.post(LOGIN, data="{", headers={"Origin": APP})

    assert answer.status_code == 415
    assert allowed(answer) == {"Access-Control-Allow-Origin": APP}
