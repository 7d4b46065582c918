"""A client asks for a person by its back channel, and polls (CIBA-01; OpenID Connect CIBA Core)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.models import DeviceRequest
from tests.factories import Factory
from tests.mailbox import Mailbox, link_in
from tests.relying import ISSUER, Person, Rp, basic, make_client

GRANT = "urn:openid:params:grant-type:ciba"
REQUEST = re.compile(r'href="(/requests/[0-9a-f-]{36})"')


@pytest.fixture
def desk(make_rp: Any) -> Rp:
    """A client that asks by its back channel."""
    return make_rp(grant_types=[GRANT, "refresh_token"], device_flow_confirm=False)


def ask(rp: Rp, **sent: str) -> Any:
    headers = {} if rp.is_public else basic(rp.client_id)
    data = {"scope": "openid email", **sent}
    return rp.http.post("/oidc/bc-authorize", data=data, headers=headers)


def poll(rp: Rp, answer: Any) -> Any:
    return rp.token(grant_type=GRANT, auth_req_id=answer.json["auth_req_id"])


def hears(rp: Rp, answer: Any) -> str:
    return str(poll(rp, answer).json.get("error", ""))


def requests_of(person: Person) -> list[str]:
    page = person.open("/requests")
    page = person.sign_in(page) if page.request.path == "/login" else page
    return REQUEST.findall(page.text)


def say(person: Person, path: str, answer: str = "allow") -> Any:
    page = person.open(path)
    page = person.sign_in(page) if page.request.path == "/reauthenticate" else page
    return person.post(path, page, answer=answer)


def test_a_person_lets_an_application_in(person: Person, desk: Rp, user: User):
    """The whole way, with the message that both sides show."""
    told = desk.http.get("/.well-known/openid-configuration").json
    assert told["backchannel_authentication_endpoint"] == f"{ISSUER}/oidc/bc-authorize"
    assert told["backchannel_token_delivery_modes_supported"] == ["poll"]
    assert GRANT in told["grant_types_supported"]

    asked = ask(desk, login_hint=user.email.upper(), binding_message="Desk 7 <b>")
    assert (asked.status_code, asked.json["expires_in"], asked.json["interval"]) == (200, 600, 5)
    assert [hears(desk, asked) for _ in range(2)] == ["authorization_pending", "slow_down"]
    (path,) = requests_of(person)
    page = person.open(path)
    assert "Desk 7 &lt;b&gt;" in page.text
    assert "started this yourself" in page.text
    assert "is let in" in say(person, path).text
    assert "answered already" in person.open(path).text

    tokens = poll(desk, asked).json
    assert desk.read(tokens["id_token"]).claims["sub"] == str(user.id)
    assert desk.userinfo(tokens["access_token"]).json["email"] == user.email
    assert hears(desk, asked) == "invalid_grant"
    assert requests_of(person) == []


def test_whoever_says_no_keeps_it_out(person: Person, desk: Rp, user: User):
    asked = ask(desk, login_hint=user.email)

    assert "is kept out" in say(person, requests_of(person)[0], "deny").text

    assert hears(desk, asked) == "access_denied"


def test_an_old_id_token_names_the_person_as_well(person: Person, make_rp: Any):
    """Also a pairwise one; never one of another client."""
    rp = make_rp(grant_types=["authorization_code", GRANT], subject_type="pairwise")
    hint = person.tokens_for(rp)["id_token"]

    assert ask(rp, id_token_hint=hint).status_code == 200
    assert len(requests_of(person)) == 1
    other = make_rp(grant_types=[GRANT])
    assert ask(other, id_token_hint=hint).json["error"] == "invalid_request"
    assert ask(rp, id_token_hint="x").json["error"] == "invalid_request"


def test_nobody_learns_who_has_an_account(
    desk: Rp, make_rp: Any, make: Factory, user: User, runtime: Runtime
):
    """Who is unknown, suspended or outside the policy is answered like anybody."""
    inside = make_rp(make.organization(), grant_types=[GRANT])
    gone = make.user()
    make.change(gone, status="suspended")
    for rp, email in ((desk, "nobody@example.test"), (desk, gone.email), (inside, user.email)):
        asked = ask(rp, login_hint=email)
        assert set(asked.json) == {"auth_req_id", "expires_in", "interval"}
        assert hears(rp, asked) == "authorization_pending"
    with runtime.reading() as db:
        mine = db.query(DeviceRequest).filter_by(user_id=user.id)
        assert mine.count() == 0


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "invalid_request"),
        ({"login_hint": "a@b.test", "id_token_hint": "x"}, "invalid_request"),
        ({"login_hint_token": "x"}, "invalid_request"),
        ({"login_hint": "a@b.test", "request": "x"}, "invalid_request"),
        ({"login_hint": "a@b.test", "scope": "email"}, "invalid_scope"),
        ({"login_hint": "a@b.test", "scope": "none"}, "invalid_scope"),
        ({"login_hint": "a@b.test", "scope": ""}, "invalid_request"),
        ({"login_hint": "a@b.test", "binding_message": "x" * 65}, "invalid_binding_message"),
        ({"login_hint": "a@b.test", "binding_message": "a\nb"}, "invalid_binding_message"),
        (
            {"login_hint": "a@b.test", "binding_message": "a\u202eb"},
            "invalid_binding_message",
        ),
        ({"login_hint": "a@b.test", "requested_expiry": "0"}, "invalid_request"),
        ({"login_hint": "a@b.test", "requested_expiry": "\u0663"}, "invalid_request"),
    ],
)
def test_what_is_asked_wrongly_is_refused(desk: Rp, sent: dict[str, str], error: str):
    answer = ask(desk, **sent)

    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_clients_need_the_grant_and_a_proof(desk: Rp, make_rp: Any, user: User):
    public = make_rp(grant_types=[GRANT], token_endpoint_auth_method="none")
    answer = ask(public, login_hint=user.email, client_id=public.client_id)
    assert answer.json["error"] == "unauthorized_client"
    assert ask(make_rp(), login_hint=user.email).json["error"] == "unauthorized_client"
    headers = basic(desk.client_id, "wrong")
    wrong = desk.http.post("/oidc/bc-authorize", data={"login_hint": "a"}, headers=headers)
    assert (wrong.status_code, wrong.json["error"]) == (401, "invalid_client")
    asked, other = ask(desk, login_hint=user.email), make_rp(grant_types=[GRANT])
    assert hears(other, asked) == "invalid_grant"
    assert desk.token(grant_type=GRANT, auth_req_id="gdc_x").json["error"] == "invalid_grant"


def test_a_request_is_over_when_the_client_said(
    person: Person, desk: Rp, user: User, runtime: Runtime
):
    asked = ask(desk, login_hint=user.email, requested_expiry="30")
    (path,) = requests_of(person)
    assert asked.json["expires_in"] == 30
    with unit_of_work(runtime, Origin()) as ctx:
        for row in ctx.db.query(DeviceRequest).filter_by(user_id=user.id):
            row.expires_at -= timedelta(seconds=31)

    assert person.open(path).status_code == 400
    assert requests_of(person) == []
    assert hears(desk, asked) == "expired_token"


def test_only_the_person_who_is_meant_can_answer(
    person: Person, desk: Rp, user: User, make: Factory, open_app: Flask
):
    ask(desk, login_hint=user.email)
    (path,) = requests_of(person)
    other = Person(open_app, make.user().email)

    assert requests_of(other) == []
    assert other.open(path).status_code == 400
    assert person.open(path.replace("/requests/", "/device/")).status_code == 400


def test_nobody_is_tired_out(person: Person, desk: Rp, user: User):
    """Three requests of a client wait for a person; the fourth is for nobody."""
    for _ in range(5):
        assert ask(desk, login_hint=user.email).status_code == 200

    assert len(requests_of(person)) == 3


def test_nobody_is_tired_out_by_many_at_once(
    desk: Rp, user: User, open_app: Flask, runtime: Runtime
):
    """CIBA-01: the index decides who of twenty gets one of three places."""
    rps = [Rp(open_app, desk.client) for _ in range(20)]

    with ThreadPoolExecutor(len(rps)) as threads:
        answers = list(threads.map(lambda rp: ask(rp, login_hint=user.email), rps))

    assert {answer.status_code for answer in answers} == {200}
    with runtime.reading() as db:
        assert db.query(DeviceRequest).filter_by(user_id=user.id).count() == 3
        assert db.query(DeviceRequest).filter_by(client_row_id=desk.client.id).count() == 20


def test_a_place_is_free_again_when_a_request_is_over(person: Person, desk: Rp, user: User):
    for _ in range(3):
        ask(desk, login_hint=user.email, requested_expiry="60")
    say(person, requests_of(person)[0], "deny")
    ask(desk, login_hint=user.email)
    ask(desk, login_hint=user.email)
    assert len(requests_of(person)) == 3
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
        ask(desk, login_hint=user.email)
        ask(desk, login_hint=user.email)
        ask(desk, login_hint=user.email)
        assert len(requests_of(person)) == 3


def test_what_is_sensitive_wants_a_fresh_sign_in(person: Person, make_rp: Any, user: User):
    rp = make_rp(grant_types=[GRANT])
    assert requests_of(person) == []
    ask(rp, login_hint=user.email)

    (path,) = requests_of(person)

    assert person.open(path).request.path == "/reauthenticate"
    assert "is let in" in say(person, path).text


def test_the_rules_of_the_client_hold_when_the_tokens_are_fetched(
    person: Person, make_rp: Any, make: Factory, user: User
):
    """Threat 38."""
    org = make.organization()
    member = make.member(org, Role.MEMBER, user=user)
    rp = make_rp(org, grant_types=[GRANT], device_flow_confirm=False)
    asked = ask(rp, login_hint=user.email)
    say(person, requests_of(person)[0])
    make.change(member, suspended_at=member.created_at)

    assert hears(rp, asked) == "invalid_grant"


def test_the_person_is_mailed_a_few_times(app: Flask, mailbox: Mailbox, make: Factory):
    user = make.user()
    runtime = app.extensions["gatehouse"]
    for _ in range(3):
        rp = Rp(app, make_client(runtime, grant_types=[GRANT], fields={"name": "Desk"}))
        for _ in range(3):
            assert ask(rp, login_hint=user.email).status_code == 200

    letters = mailbox.deliver()

    assert len(letters) == 5
    assert {letter.to for letter in letters} == {user.email}
    assert letters[0].subject.startswith("Desk waits for your answer")
    assert link_in(letters[0]) == f"{ISSUER}/requests"
