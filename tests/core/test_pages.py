"""The frame of every page: how it refuses, what it keeps, and where it leads."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from marshmallow import Schema
from sqlalchemy.exc import OperationalError

import gatehouse
from gatehouse.app import create_app
from gatehouse.core import errors
from gatehouse.core.access import Recognised, elevated, public, signed_in
from gatehouse.core.context import Actor
from gatehouse.core.html import Go, Pages, form
from gatehouse.core.rendering import Frame, note_exists
from gatehouse.core.sayings import _
from gatehouse.core.settings import read_settings
from gatehouse.core.tokens import SESSION, mint
from tests.conftest import client_of

OURS = {"Origin": "http://localhost:5000"}
PEOPLE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAMS = {"Accept": "application/json"}
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
# What was registered for an application, and checked then; and a picture that we have drawn, with
# the address of an app that it holds.
REGISTERED = (
    "{{ picture }}",
    "{{ uri }}",
    "{{ back }}",
    "{{ url }}",
    '{{ frame.asset("passkey.js") }}',
    "{{ frame.to(onward) }}",
    "{{ to.logo_uri }}",
    "{{ to.policy_uri }}",
    "{{ to.tos_uri }}",
)
LEADS = re.compile(r'(?:href|action|src)="([^"#][^"]*)"')
FORM = "application/x-www-form-urlencoded"
SECRET = "postgresql://u:hunter2@db/x"
FAILURES = {
    "clash": errors.Conflict(_("That name is taken.")),
    "over": errors.TooManyRequests(retry_after=4000),
    "long": errors.TooManyRequests(retry_after=9000),
    "away": OperationalError(SECRET, {}, Exception(SECRET)),
    "mistake": RuntimeError(SECRET),
    "unmet": errors.MfaComplianceRequired(),
    "unused": errors.StepUpRequired(acr_values="mfa", max_age=600),
}
PUBLIC_PAGES = ("/", "/login", "/register", "/forgot-password", "/logout")

pages = Pages("frame")


@pages.get("/fails/<kind>")
@public
def fail(ctx, kind):
    raise FAILURES[kind]


@pages.get("/vault")
@signed_in
@elevated
def show_vault(ctx):
    return Go("/inside")


@pages.post("/vault")
@signed_in
@elevated
@form(Schema, shown_by=show_vault)
def use_vault(ctx):
    return Go("/inside")


@pytest.fixture(scope="module")
def build(migrated):
    """Make apps with these pages too, on one database: nothing here depends on its kind."""
    made = []

    def make(port=None, **settings):
        base = {"FLASK_ENV": "testing", "LOG_LEVEL": "error", "RATELIMIT_ENABLED": "false"}
        chosen = read_settings({**base, **migrated("sqlite"), **settings})
        made.append(create_app(chosen, **({"Authenticator": port} if port else {})))
        made[-1].register_blueprint(pages)
        return made[-1]

    yield make
    for app in made:
        app.extensions["gatehouse"].engine.dispose()


@pytest.fixture(scope="module")
def plain_app(build):
    return build()


@pytest.fixture
def client(plain_app):
    return client_of(plain_app)


def send(client, path="/login", headers=OURS, **fields):
    token = TOKEN.findall(client.get(path).text)[0]
    return client.post(path, data={"form_token": token, **fields}, headers=headers)


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "There is nothing here"),
        ("PUT", "/login", 405, "That did not work"),
        ("GET", "/fails/clash", 409, "That did not work"),
        ("GET", "/fails/over", 429, "Please wait a little"),
        ("GET", "/fails/mistake", 500, "Something went wrong"),
        ("GET", "/fails/away", 503, "Away for a moment"),
    ],
)
def test_a_refusal_is_a_page_with_a_way_on(client, method, path, status, title):
    """Threats 85, 89 and 97."""
    answer = client.open(path, method=method, headers=PEOPLE)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert f"<h1>{title}</h1>" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert 'href="/"' in answer.text
    for word in ("hunter2", "Traceback", "/api/docs", "GET", "JSON"):
        assert word not in answer.text


def test_what_is_known_of_a_refusal_is_said(client):
    assert "That name is taken." in client.get("/fails/clash").text
    over = client.get("/fails/over")
    assert "in <strong>67 minutes</strong>" in over.text
    assert "in <strong>3 hours</strong>" in client.get("/fails/long").text
    assert over.headers["Retry-After"] == "4000"
    assert "POST" in client.put("/login", headers=PEOPLE).headers["Allow"]
    assert client.get("/fails/away").headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("path", "accept"), [("/nowhere", PROGRAMS), ("/nowhere", {}), ("/api/v1/nowhere", PEOPLE)]
)
def test_programs_are_refused_in_the_envelope(client, path, accept):
    answer = client.get(path, headers=accept)

    assert answer.json["error"]["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"a=1&a=2", 400),
        (b"a=1&%61=2", 400),
        (b"email=%ED%A0%80", 400),
        (b"email=\xff", 400),
        (b"&".join(b"f%d=1" % number for number in range(41)), 400),
        (b"email=" + b"x" * 65_536, 413),
        (b"email=" + b"x" * 20_000_000, 413),
        (b"", 403),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_form_has_bounds(client, raw, status):
    answer = client.post("/login", data=raw, headers=OURS, content_type=FORM)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert len(answer.data) < 5_000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "a" * 300 + "@example.test"}, "at most 255 characters"),
        ({"email": "kim\0@example.test"}, "Must be an e-mail address"),
        ({"email": "kim@example.test", "password": "x" * 1025}, "Between 1 and 1024 characters."),
        ({"email": "kim@example.test", "is_operator": "true"}, "is_operator"),
        ({"email": "kim@example.test", "<b>\0": "x"}, "&lt;b&gt;"),
        ({"email": ""}, "Please fill this in."),
        ({"email": '"><script>'}, "&#34;&gt;&lt;script&gt;"),
    ],
)
def test_a_field_that_is_not_right_is_named_and_stays_text(client, fields, said):
    answer = send(client, **{"password": "wrong horse", **fields})

    assert answer.status_code == 400
    assert said in answer.text
    assert re.findall(r"<script(?! nonce=)", answer.text) == []
    assert "<b>" not in answer.text


@pytest.mark.parametrize("token", ["\0", "é" * 96, "0" * 10_000, "%", "undefined"])
def test_an_odd_token_of_a_form_is_none(client, token):
    """Threats 51 and 93."""
    assert send(client, form_token=token, email="k@example.test", password="x").status_code == 403


@pytest.fixture
def visitor(build):
    """Open the vault as somebody who proved themselves so long ago."""

    def come(ago: timedelta):
        def known(runtime, token, now, *, answer=""):
            return Recognised(Actor("user", uuid4(), session, auth_time=now - ago))

        session = uuid4()
        client = client_of(build(known))
        client.set_cookie("gatehouse_session", mint(SESSION))
        return client

    return come


def test_a_page_that_needs_fresh_proof_asks_for_it_and_comes_back(visitor):
    fresh, stale = visitor(timedelta(minutes=9)), visitor(timedelta(minutes=11))
    token = TOKEN.findall(stale.get("/logout").text)[0]

    asked = stale.get("/vault?door=2")
    posted = stale.post("/vault", data={"form_token": token}, headers=OURS)

    assert fresh.get("/vault").headers["Location"] == "/inside"
    assert asked.headers["Location"] == "/reauthenticate?next=%2Fvault%3Fdoor%3D2"
    assert posted.headers["Location"] == "/reauthenticate?next=%2Fvault"
    assert {asked.status_code, posted.status_code} == {303}


@pytest.mark.parametrize(
    ("kind", "leads"), [("unmet", "/security"), ("unused", "/reauthenticate/code")]
)
def test_who_misses_a_factor_is_led_to_where_it_is_set_up_or_used(client, kind, leads):
    answer = client.get(f"/fails/{kind}")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{leads}?next=%2Ffails%2F{kind}"


def test_nobody_comes_to_a_page_that_needs_proof_without_signing_in(client):
    assert client.get("/vault").headers["Location"] == "/login?next=%2Fvault"


def frame_of(app) -> Frame:
    return Frame(app.extensions["gatehouse"].settings, "request-1", token=lambda: "")


def test_each_answer_has_a_nonce_of_its_own_if_it_has_a_script(plain_app):
    without, *frames = (frame_of(plain_app) for _ in range(6))
    nonces = [frame.nonce() for frame in frames]

    assert len(set(nonces)) == len(nonces)
    assert all(len(nonce) >= 22 for nonce in nonces)
    for frame, nonce in zip(frames, nonces, strict=True):
        assert frame.nonce() == nonce
        assert (
            f" script-src 'nonce-{nonce}'; connect-src 'self';"
            in dict(frame.headers())["Content-Security-Policy"]
        )
    assert "script-src" not in dict(without.headers())["Content-Security-Policy"]


def test_each_form_has_a_token_of_its_own(client):
    """Threat 93: what a proxy compresses gives it away bit by bit, if it stays the same."""
    tokens = {TOKEN.findall(client.get("/login").text)[0] for _ in range(5)}

    assert len(tokens) == 5


def test_below_a_path_every_address_is_below_it(build):
    client = client_of(build(APP_URL="https://x.test/gatehouse"))
    ours = {"Origin": "https://x.test"}

    for path in PUBLIC_PAGES:
        page = client.get(f"{path}?next=/account/password")
        assert page.status_code == 200
        assert all(found.startswith("/gatehouse/") for found in LEADS.findall(page.text))
        for cookie in page.headers.getlist("Set-Cookie"):
            assert cookie.startswith("__Host-gatehouse-")
            assert "; Path=/; " in cookie
    first = client.get("/account/password").headers["Location"]
    assert first == "/gatehouse/login?next=%2Faccount%2Fpassword"
    client.get("/forgot-password", base_url="https://x.test")
    token = TOKEN.findall(client.get("/forgot-password", base_url="https://x.test").text)[0]
    done = client.post(
        "/forgot-password",
        data={"form_token": token, "email": "nobody@example.test"},
        headers=ours,
        base_url="https://x.test",
    )
    assert done.headers["Location"] == "/gatehouse/login"


def test_no_template_has_an_address_that_the_frame_did_not_make():
    templates = Path(gatehouse.__file__).parent.glob("*/templates/*.html")
    mails = Path(gatehouse.__file__).parent / "mail"
    leads = {
        found: path.name
        for path in templates
        if mails not in path.parents
        for found in LEADS.findall(path.read_text())
        if not found.startswith(("{{ frame.", "http://www.w3.org")) and found not in REGISTERED
    }

    assert leads == {}


@pytest.mark.parametrize(
    "note",
    ["core/refusal", "../core/layout", "login/registered.html", "<b>x</b>", "/", "x", "a/b/../c"],
)
def test_a_forged_note_says_nothing(client, note):
    """Threat 93."""
    client.set_cookie("gatehouse_note", note)

    page = client.get("/login")

    assert page.status_code == 200
    assert 'role="status"' not in page.text
    assert not note_exists(note)


def test_a_note_is_read_once(client):
    client.set_cookie("gatehouse_note", "login/signed_out")

    first, second = client.get("/login"), client.get("/login")

    assert "You are signed out." in first.text
    assert "You are signed out." not in second.text
    assert any("gatehouse_note=; " in one for one in first.headers.getlist("Set-Cookie"))


def test_a_page_and_its_route_share_one_limit(build):
    client = client_of(build(RATELIMIT_ENABLED="true", RATELIMIT_LOGIN="2/day"), "203.0.113.77")
    route = "/api/v1/auth/login"

    statuses = [
        send(client, email="x").status_code,
        client.post(route, json={}).status_code,
        send(client, email="x").status_code,
        client.post(route, json={}).status_code,
    ]

    assert statuses == [400, 400, 429, 429]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("next=/vault?door=2", "/vault?door=2"),
        ("next=//evil.test", ""),
        ("next=https://evil.test", ""),
        ("next=/vault&next=/vault", ""),
    ],
)
def test_a_page_takes_along_where_the_visitor_is_going(client, build, query, kept):
    """Threats 1, 6 and 11."""
    page = client.get(f"/login?{query}")
    elsewhere = client_of(build(LOGIN_UI_URL="https://ui.test")).get(f"/login?{query}")

    assert set(re.findall(r'name="next" value="([^"]*)"', page.text)) == ({kept} if kept else set())
    onward = "?next=%2Fvault%3Fdoor%3D2" if kept else ""
    assert elsewhere.headers["Location"] == f"https://ui.test/login{onward}"
