"""Signing in to applications from a page elsewhere (api.md: /oidc/begin, /oidc/complete).

Threats 33, 50 and 181: what our own pages ask for is asked for here.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.clients.models import Client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.headers import MOST_BYTES
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import Grant
from gatehouse.oidc_provider.models import StoredRequest
from tests.conftest import WIDE, client_of
from tests.factories import PASSWORD, Factory
from tests.relying import ISSUER, Rp, answer_of, make_client

JSON = "application/json"
UI = "https://console.example"
AT_HOME = {"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]}


@pytest.fixture
def ui_app(common_app: Any) -> Flask:
    return common_app(LOGIN_UI_URL=UI, CORS_ORIGINS=UI, **WIDE)


@pytest.fixture
def http(ui_app: Flask, address: str) -> FlaskClient:
    """The sign-in page, which talks to the API."""
    return client_of(ui_app, address)


@pytest.fixture
def rp(ui_app: Flask, runtime: Runtime, address: str) -> Rp:
    return Rp(ui_app, make_client(runtime), address)


def handle_of(rp: Rp, **params: Any) -> str:
    """Go to the application's sign-in as a browser without a session."""
    answer = rp.app.test_client().get(rp.url(**params), headers={"Accept": "text/html"})
    start = f"{UI}/login?oidc_session_id="
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(start)
    return answer.headers["Location"].removeprefix(start)


def begin(http: FlaskClient, handle: str) -> Any:
    return http.post("/oidc/begin", json={"oidc_session_id": handle})


def complete(http: FlaskClient, handle: str, headers: Any = None, **body: Any) -> Any:
    body = {"oidc_session_id": handle, **body}
    return http.post("/oidc/complete", json=body, headers=headers or {})


def code_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return answer_of(answer.json["data"]["redirect_url"])["code"]


def test_a_name_that_is_sent_twice_is_refused(http: FlaskClient, rp: Rp, make: Factory, user: User):
    headers = make.bearer(user)
    handle = handle_of(rp)
    terms = begin(http, handle).json["data"]["terms"]
    once = f'"oidc_session_id":"{handle}"'

    for path, raw, name in (
        ("begin", f"{{{once},{once}}}", "oidc_session_id"),
        ("complete", f'{{{once},"terms":"{terms}","answer":"deny","answer":"allow"}}', "answer"),
    ):
        answer = http.post(f"/oidc/{path}", data=raw, headers=headers, content_type=JSON)
        assert (answer.status_code, set(answer.json["error"]["details"])) == (400, {name})
    assert code_of(complete(http, handle, headers, terms=terms))


@pytest.mark.parametrize("way", ["header", "body"])
def test_a_person_signs_in_by_a_page_elsewhere(
    http: FlaskClient, rp: Rp, make: Factory, user: User, way: str
):
    handle = handle_of(rp, scope="openid email", login_hint="kim@example.test")
    told = begin(http, handle).json["data"]
    assert (told["client_name"], told["oidc_session_id"]) == ("Test App", handle)
    assert (told["scopes"], told["asks_consent"]) == (["openid", "email"], True)
    assert told["redirect_uri"] == rp.request()["redirect_uri"]
    assert told["login_hint"] == "kim@example.test"
    token = make.session(user.id)

    if way == "header":
        answer = complete(http, handle, {"Authorization": f"Bearer {token}"}, terms=told["terms"])
    else:
        answer = complete(http, handle, token=token)

    said = answer_of(answer.json["data"]["redirect_url"])
    assert (said["state"], said["iss"]) == ("some state", ISSUER)
    tokens = rp.redeem(said["code"]).json
    assert rp.userinfo(tokens["access_token"]).json["email"] == user.email
    assert answer.json["data"]["form_fields"] == {}
    again = complete(http, handle, token=token)
    assert (again.status_code, again.json["success"]) == (400, False)


@pytest.mark.parametrize(
    ("settings", "wish", "asks"),
    [
        ({"consent": "skip"}, {}, False),
        ({"consent": "skip"}, {"prompt": "consent"}, True),
        ({"consent": "skip"}, {"scope": "openid offline_access"}, True),
        ({"fields": {"is_trusted": True}}, {"scope": "openid offline_access"}, False),
        ({"fields": {"is_trusted": True}, **AT_HOME}, {}, True),
        ({"consent": "skip", **AT_HOME}, {}, True),
    ],
)
def test_a_page_elsewhere_asks_whom_ours_would_ask(
    ui_app: Flask, runtime: Runtime, address: str, settings: Any, wish: Any, *, asks: bool
):  # fmt: skip
    """Threat 50: what it does not show, nobody says yes to."""
    rp = Rp(ui_app, make_client(runtime, **settings), address)

    told = begin(client_of(ui_app, address), handle_of(rp, **wish)).json["data"]

    assert told["asks_consent"] is asks


def test_a_page_elsewhere_is_told_for_which_organization_it_is(
    http: FlaskClient, rp: Rp, make: Factory
):
    """Threat 50: our own page says it, too."""
    org = make.organization()

    told = begin(http, handle_of(rp, organization=org.slug)).json["data"]

    assert (told["organization"], told["place"]) == (None, org.slug)


def test_of_many_answers_one_counts(ui_app: Flask, rp: Rp, make: Factory, user: User):
    handle, token = handle_of(rp), make.session(user.id)
    begin(ui_app.test_client(), handle)

    with ThreadPoolExecutor(8) as pool:
        answers = [
            pool.submit(complete, ui_app.test_client(), handle, token=token) for _ in range(8)
        ]
        statuses = sorted(answer.result().status_code for answer in answers)

    assert statuses[0] == 200
    assert set(statuses[1:]) == {400}


def test_nobody_gets_through_without_a_session(
    http: FlaskClient, rp: Rp, make: Factory, user: User
):
    handle = handle_of(rp)
    begin(http, handle)
    suspended = make.user()
    token = make.session(suspended.id)
    make.change(suspended, status=AccountStatus.SUSPENDED)

    for body, headers, error in (
        ({}, {}, "AUTH_REQUIRED"),
        ({"token": "nonsense"}, {}, "INVALID_TOKEN"),
        ({"token": token}, {}, "INVALID_TOKEN"),
        ({"token": make.session(user.id)}, {"Authorization": "Bearer x"}, "INVALID_TOKEN"),
        ({}, {"Authorization": "Basic x"}, "INVALID_AUTH_FORMAT"),
    ):
        answer = complete(http, handle, headers, **body)
        assert (answer.status_code, answer.json["error"]["type"]) == (401, error)
    assert code_of(complete(http, handle, make.bearer(user)))


def test_handles_that_are_none_lead_nowhere(http: FlaskClient, make: Factory, user: User):
    for wrong in ("x", "gfl_" + "A" * 49, "\x00", "é" * 50):
        assert begin(http, wrong).status_code == 400
        assert complete(http, wrong, make.bearer(user)).status_code == 400


def test_a_yes_is_to_what_was_told(
    http: FlaskClient, rp: Rp, make: Factory, user: User, runtime: Runtime
):
    """Threat 50: never to something that was changed, or that nobody was shown."""
    handle, headers = handle_of(rp, scope="openid email"), make.bearer(user)
    unseen = complete(http, handle, headers)
    assert unseen.status_code == 400
    first = begin(http, handle).json["data"]
    assert begin(http, handle).json["data"] == first  # A page that is loaded anew.
    assert complete(http, handle, headers, terms="0" * 64).status_code == 409

    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.outwait_leases()
        ctx.execute(update(Client).where(Client.id == rp.client.id).values(name="Your Bank"))

    for answer in (begin(http, handle), complete(http, handle, headers)):
        assert (answer.status_code, answer.json["error"]["type"]) == (409, "CONFLICT")
    told = begin(http, fresh := handle_of(rp, scope="openid email")).json["data"]
    assert told["client_name"] == "Your Bank"
    assert code_of(complete(http, fresh, headers, terms=told["terms"]))


def test_a_yes_is_no_consent_where_none_was_to_be_asked_for(
    http: FlaskClient, ui_app: Flask, runtime: Runtime, make: Factory, user: User, address: str
):
    """Threat 50: the client may have skipped consent when the page was told, and do so no more."""
    rp = Rp(ui_app, make_client(runtime, consent="skip"), address)
    handle, headers = handle_of(rp), make.bearer(user)
    told = begin(http, handle).json["data"]
    assert not told["asks_consent"]

    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.outwait_leases()
        row = ctx.db.get_one(Client, rp.client.id)
        row.settings = {**row.settings, "consent": "required"}

    answer = complete(http, handle, headers, terms=told["terms"])
    assert (answer.status_code, answer.json["error"]["type"]) == (409, "CONFLICT")


def test_a_yes_is_remembered_as_on_our_pages(
    http: FlaskClient, rp: Rp, make: Factory, user: User, runtime: Runtime
):
    handle = handle_of(rp, scope="openid email")
    begin(http, handle)

    complete(http, handle, make.bearer(user))

    with runtime.reading() as db:
        (grant,) = db.scalars(select(Grant).where(Grant.user_id == user.id)).all()
    assert (grant.scopes, grant.is_asked) == (["openid", "email"], True)


def test_a_no_is_told_to_the_application(http: FlaskClient, rp: Rp, make: Factory, user: User):
    """CORE-56."""
    handle = handle_of(rp)
    begin(http, handle)

    answer = complete(http, handle, make.bearer(user), answer="deny")

    said = answer_of(answer.json["data"]["redirect_url"])
    assert (said["error"], said["state"]) == ("access_denied", "some state")
    assert complete(http, handle, make.bearer(user)).status_code == 400


def test_a_client_of_an_organization_is_for_its_members(
    ui_app: Flask, http: FlaskClient, make: Factory, user: User, runtime: Runtime, address: str
):
    org = make.organization()
    rp = Rp(ui_app, make_client(runtime, org), address)
    handle, headers = handle_of(rp), make.bearer(user)
    assert begin(http, handle).json["data"]["organization"] == org.name

    refused = complete(http, handle, headers)
    assert (refused.status_code, refused.json["error"]["type"]) == (403, "AUTHORIZATION_ERROR")
    make.member(org, Role.MEMBER, user=user)
    assert code_of(complete(http, handle, headers))


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_fresh_sign_in_is_asked_for(
    http: FlaskClient, rp: Rp, make: Factory, user: User, wish: dict[str, str]
):
    """CORE-21, 26, 28: a session from before is confirmed, then it goes on."""
    handle = handle_of(rp, **wish)
    begin(http, handle)
    headers = make.bearer(user, signed_in_ago=timedelta(minutes=5))

    refused = complete(http, handle, headers)
    assert refused.json["error"]["type"] == "REAUTHENTICATION_REQUIRED"
    confirm = {"password": PASSWORD}
    assert http.post("/api/v1/auth/reauthenticate", json=confirm, headers=headers).status_code < 300
    assert code_of(complete(http, handle, headers))


def test_somebody_else_is_told_so(http: FlaskClient, rp: Rp, make: Factory, user: User):
    """CORE-33, 41."""
    claims = f'{{"id_token": {{"sub": {{"value": "{make.user().id}"}}}}}}'
    handle = handle_of(rp, claims=claims)
    begin(http, handle)

    assert complete(http, handle, make.bearer(user)).status_code == 403


def test_a_form_is_posted_by_the_page(http: FlaskClient, rp: Rp, make: Factory, user: User):
    handle = handle_of(rp, response_mode="form_post")
    begin(http, handle)

    told = complete(http, handle, make.bearer(user)).json["data"]

    assert told["redirect_url"] == rp.request()["redirect_uri"]
    assert {"code", "state", "iss"} == told["form_fields"].keys()


def test_requests_end_after_half_an_hour(
    http: FlaskClient, rp: Rp, make: Factory, user: User, runtime: Runtime
):
    handle = handle_of(rp)
    begin(http, handle)
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = update(StoredRequest).where(StoredRequest.client_row_id == rp.client.id)
        ctx.execute(row.values(expires_at=ctx.now))

    assert begin(http, handle).status_code == 400
    assert complete(http, handle, make.bearer(user)).status_code == 400


def test_without_such_a_page_there_is_no_bridge(client: FlaskClient, make: Factory, user: User):
    for path in ("begin", "complete"):
        answer = client.post(
            f"/oidc/{path}", json={"oidc_session_id": "x"}, headers=make.bearer(user)
        )
        assert (answer.status_code, answer.json["error"]["type"]) == (404, "NOT_FOUND")


def test_silent_requests_never_lead_to_the_page(rp: Rp):
    """CORE-18, BCP-20."""
    answer = rp.app.test_client().get(rp.url(prompt="none"), headers={"Accept": "text/html"})

    assert answer_of(answer.headers["Location"])["error"] == "login_required"


def test_pages_of_that_origin_may_read_the_answers(http: FlaskClient, rp: Rp):
    answer = http.post(
        "/oidc/begin", json={"oidc_session_id": handle_of(rp)}, headers={"Origin": UI}
    )

    assert answer.headers["Access-Control-Allow-Origin"] == UI


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"oidc_session_id": 5}', b"", b"\xff"])
def test_junk_is_refused_in_the_envelope(http: FlaskClient, body: bytes):
    for path in ("begin", "complete"):
        answer = http.post(f"/oidc/{path}", data=body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json["success"] is False


@pytest.mark.parametrize("path", ["/oidc/begin", "/oidc/complete"])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_whatever_is_wrong_is_said_in_the_envelope(http: FlaskClient, path: str, accept: str):
    """Also what is refused before a route is found: docs/api.md has one shape for both paths."""
    as_json = {"content_type": "application/json"}
    cases = (
        ("GET", path, {}, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", path, {}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", f"{path}/", {}, 404, "NOT_FOUND"),
        ("POST", f"{path}/more", {}, 404, "NOT_FOUND"),
        ("POST", path, {"data": b" " * (MOST_BYTES + 1), **as_json}, 413, "PAYLOAD_TOO_LARGE"),
        ("POST", path, {"data": b"x", "content_type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    )
    for method, asked, options, status, kind in cases:
        answer = http.open(asked, method=method, headers={"Accept": accept}, **options)

        assert (answer.status_code, answer.json["error"]["type"]) == (status, kind), method
        assert (answer.json["success"], answer.json["code"]) == (False, status)
    beside = http.post(f"{path}s", headers={"Accept": "application/json"})
    assert (beside.status_code, beside.json["error"]) == (404, "invalid_request")
