"""Applications are told that a session ended (BCL-01..07, threat 56)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from joserfc import jws
from sqlalchemy import delete, select, update

from gatehouse.accounts.models import User
from gatehouse.accounts.service import suspend_account
from gatehouse.audit.models import AuditEntry
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.jose import NotGenuine, encode
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import ClientSession
from gatehouse.oidc_provider.service import backchannel
from gatehouse.oidc_provider.service.hints import claims_of_hint
from gatehouse.oidc_provider.service.tokens import read_access_token
from gatehouse.outbox.jobs import deliver_calls, deliver_outbox
from gatehouse.outbox.models import Message, Outcome
from gatehouse.sessions.models import Session
from gatehouse.sessions.service import end_sessions
from gatehouse.signing_keys.service import verify_own
from tests.factories import PASSWORD, Factory
from tests.relying import ISSUER, Person, Rp, make_client

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Receiver(ThreadingHTTPServer):
    """The back channel of an application: it notes what comes, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.silence = Event()
        self.silence.set()
        self.uri = f"http://127.0.0.1:{self.server_address[1]}/out"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append({"form": parse_qs(body), "headers": dict(self.headers)})
        self.server.silence.wait(20)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_about: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
        yield receiver
        receiver.silence.set()
        receiver.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def calling(common_app: Any) -> Flask:
    """An app that may call this machine."""
    app: Flask = common_app(OUTBOUND_ALLOW="127.0.0.1", RATELIMIT_ENABLED="false")
    backchannel.resting().clear()
    with unit_of_work(app.extensions["gatehouse"], Origin()) as ctx:
        ctx.db.execute(delete(Message))
    return app


@pytest.fixture
def rt(calling: Flask) -> Runtime:
    found: Runtime = calling.extensions["gatehouse"]
    return found


@pytest.fixture
def somebody(calling: Flask, user: User) -> Person:
    return Person(calling, user.email)


def app_of(app: Flask, uri: str | None, org: Any = None, **settings: Any) -> Rp:
    runtime = app.extensions["gatehouse"]
    return Rp(app, make_client(runtime, org, backchannel_logout_uri=uri, **settings))


def deliver(runtime: Runtime, job: Callable[[Context], int] = deliver_calls) -> None:
    """What the worker does, until nothing is due."""
    while True:
        with unit_of_work(runtime, Origin("test"), Actor("job")) as ctx:
            if not job(ctx):
                return


def sign_out(person: Person) -> None:
    person.post("/logout", person.open("/logout"))


def messages(runtime: Runtime) -> list[Message]:
    with runtime.reading() as db:
        return list(db.scalars(select(Message).where(Message.event == "logout.due")))


def actions(runtime: Runtime, user: User) -> list[str]:
    with runtime.reading() as db:
        mine = AuditEntry.user_id == user.id
        found = select(AuditEntry.action).where(mine).order_by(AuditEntry.id)
        return [name for name in db.scalars(found) if name.startswith("logout.")]


def test_what_is_told_is_what_the_specification_says(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person, user: User
):
    """BCL-01, BCL-02, BCL-03."""
    rp = app_of(calling, receiver.uri, id_token_signed_response_alg="ES256")
    told = rp.http.get("/.well-known/openid-configuration").json
    assert told["backchannel_logout_supported"] is True
    assert told["backchannel_logout_session_supported"] is True
    identity = rp.read(somebody.tokens_for(rp)["id_token"]).claims

    sign_out(somebody)
    deliver(rt)

    (got,) = receiver.got
    assert got["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert list(got["form"]) == ["logout_token"]
    token = rp.read(got["form"]["logout_token"][0])
    assert (token.header["typ"], token.header["alg"]) == ("logout+jwt", "ES256")
    claims = token.claims
    assert {"iss": ISSUER, "aud": rp.client_id}.items() <= claims.items()
    assert (claims["sub"], claims["sid"]) == (str(user.id), identity["sid"])
    assert claims["events"] == {EVENT: {}}
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["jti"]
    assert "nonce" not in claims
    assert actions(rt, user) == ["logout.delivered"]


def test_a_logout_token_is_good_for_nothing_else(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person
):
    """Threats 56, 69: it is no hint and no access token, and tokens of other kinds are none."""
    rp = app_of(calling, receiver.uri)
    tokens = somebody.tokens_for(rp)
    sign_out(somebody)
    deliver(rt)
    token = receiver.got[0]["form"]["logout_token"][0]

    with unit_of_work(rt, Origin()) as ctx:
        assert claims_of_hint(ctx, token) is None
        assert read_access_token(rt, token, ctx.now) is None
    for other in (tokens["id_token"], tokens["access_token"]):
        with pytest.raises(NotGenuine):
            verify_own(rt, other, typ=("logout+jwt",))
    assert jws.extract_compact(token.encode()).headers()["typ"] == "logout+jwt"
    assert encode(b'{"alg":"none"') not in token


def test_each_application_of_the_session_is_told_and_no_other(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person, user: User
):
    """BCL-04; pairwise names stay pairwise."""
    first = app_of(calling, receiver.uri)
    here = ["http://127.0.0.1:8000/back"]
    second = app_of(calling, receiver.uri, subject_type="pairwise", redirect_uris=here)
    deaf, unused = app_of(calling, None), app_of(calling, receiver.uri)
    subs = {rp.client_id: rp.read(somebody.tokens_for(rp)["id_token"]) for rp in (first, second)}
    somebody.code_for(deaf)
    elsewhere = Person(calling, user.email)
    elsewhere.code_for(unused)

    sign_out(somebody)
    deliver(rt)

    told = [first.read(got["form"]["logout_token"][0]).claims for got in receiver.got]
    assert {claims["aud"] for claims in told} == set(subs)
    for claims in told:
        known = subs[claims["aud"]].claims
        assert (claims["sub"], claims["sid"]) == (known["sub"], known["sid"])
    assert subs[second.client_id].claims["sub"] != str(user.id)


def test_who_listens_elsewhere_is_not_told_what_a_person_is_called(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person
):
    """BCL-04, CORE-62: an application may name a host of others that it leads people to, and hear
    of them at its own. The session is enough to know whom it is about (2.4).
    """
    rp = app_of(calling, receiver.uri, subject_type="pairwise")
    identity = rp.read(somebody.tokens_for(rp)["id_token"]).claims

    sign_out(somebody)
    deliver(rt)

    claims = rp.read(receiver.got[0]["form"]["logout_token"][0]).claims
    assert claims["sid"] == identity["sid"]
    assert "sub" not in claims


@pytest.mark.parametrize("how", ["revoked", "others", "suspended", "password", "deleted", "job"])
def test_it_is_told_however_the_session_ended(
    calling: Flask,
    rt: Runtime,
    receiver: Receiver,
    somebody: Person,
    user: User,
    make: Factory,
    how: str,
):
    """BCL-07, once for each; and one act stays one record (ruling 2)."""
    rp = app_of(calling, receiver.uri)
    somebody.code_for(rp)
    headers = make.bearer(user)
    new = "Eight brown barrels 8"
    with rt.reading() as db:
        place = select(ClientSession.session_id).where(ClientSession.client_row_id == rp.client.id)
        session_id = db.scalar(place)

    if how == "revoked":
        answer = rp.http.delete(f"/api/v1/auth/sessions/{session_id}", headers=headers)
    elif how == "others":
        answer = rp.http.delete("/api/v1/auth/sessions", headers=headers)
    elif how == "password":
        sent = {"current_password": PASSWORD, "new_password": new, "new_password_confirm": new}
        answer = rp.http.post("/api/v1/users/me/password", json=sent, headers=headers)
    elif how == "deleted":
        answer = rp.http.delete("/api/v1/users/me", json={"password": PASSWORD}, headers=headers)
    else:
        answer = None
        with unit_of_work(rt, Origin(), Actor("operator")) as ctx:
            if how == "suspended":
                suspend_account(ctx, user.id)
            else:
                end_sessions(ctx, user.id, reason="test")
    assert answer is None or answer.status_code < 300, answer.text
    deliver(rt)

    assert len(receiver.got) == 1
    with unit_of_work(rt, Origin()) as ctx:
        end_sessions(ctx, user.id, reason="again")
    deliver(rt)
    assert len(receiver.got) == 1


def test_a_dead_receiver_holds_up_nobody(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person, user: User
):
    """BCL-05: neither other applications nor mail; the worker's other lane goes on meanwhile."""
    with receiving() as dead:
        dead.silence.clear()
        for uri in (dead.uri, receiver.uri):
            somebody.code_for(app_of(calling, uri))
        sign_out(somebody)
        worker = Thread(target=deliver, args=(rt,))
        worker.start()
        for _ in range(200):
            if receiver.got and dead.got:
                break
            Event().wait(0.02)
        deliver(rt, deliver_outbox)
        assert worker.is_alive()
        assert len(receiver.got) == 1
        worker.join(10)

    assert sorted(actions(rt, user)) == ["logout.delivered", "logout.failed"]
    waiting = [message for message in messages(rt) if message.settled_at is None]
    assert [message.attempts for message in waiting] == [1]


@pytest.mark.parametrize(
    ("status", "is_over", "record"),
    [
        (204, True, ["logout.delivered"]),
        (400, True, ["logout.failed"]),
        (500, False, ["logout.failed"]),
        (302, False, ["logout.failed"]),
        (404, False, ["logout.failed"]),
    ],
)
def test_what_it_answers_decides_whether_it_is_asked_again(
    calling: Flask,
    rt: Runtime,
    receiver: Receiver,
    somebody: Person,
    user: User,
    status: int,
    is_over: bool,  # noqa: FBT001
    record: list[str],
):
    """BCL-06: 2xx is heard, 400 is final; all else is tried again with the same name."""
    receiver.status = status
    somebody.code_for(app_of(calling, receiver.uri))
    sign_out(somebody)
    deliver(rt)

    (message,) = messages(rt)
    assert (message.settled_at is not None) is is_over
    assert actions(rt, user) == record
    if is_over:
        assert message.outcome is (Outcome.DEAD if status == 400 else Outcome.DELIVERED)
        return
    receiver.status = 200
    with unit_of_work(rt, Origin()) as ctx:
        ctx.db.execute(update(Message).values(due_at=ctx.now))
    deliver(rt)
    names = {calls["form"]["logout_token"][0].split(".")[1] for calls in receiver.got}
    assert len(receiver.got) == 2
    assert len({_jti(part) for part in names}) == 1
    assert actions(rt, user) == [*record, "logout.delivered"]


def _jti(part: str) -> str:
    from gatehouse.core.jose import _object  # noqa: PLC0415

    return str(_object(part)["jti"])


def test_no_inner_address_is_called(make_app: Any, receiver: Receiver, user: User):
    """The guard: without leave of the operator neither http nor this machine."""
    app = make_app(RATELIMIT_ENABLED="false")
    runtime = app.extensions["gatehouse"]
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
    person = Person(app, user.email)
    for uri in (receiver.uri, receiver.uri.replace("http:", "https:")):
        person.code_for(app_of(app, uri))

    sign_out(person)
    deliver(runtime)

    assert receiver.got == []
    assert actions(runtime, user) == ["logout.failed"] * 2


def test_clients_that_are_off_are_left_alone(
    calling: Flask, rt: Runtime, receiver: Receiver, somebody: Person, make: Factory
):
    """Threat 24; also where that happened since."""
    before, since = app_of(calling, receiver.uri), app_of(calling, receiver.uri)
    for rp in (before, since):
        somebody.code_for(rp)
    make.change(before.client, is_active=False)
    sign_out(somebody)
    make.change(since.client, is_active=False)
    deliver(rt)

    assert receiver.got == []
    assert [message.outcome for message in messages(rt)] == [Outcome.DELIVERED]


def test_places_go_with_their_session(calling: Flask, rt: Runtime, somebody: Person):
    """What is purged leaves no ``sid`` behind."""
    rp = app_of(calling, None)
    somebody.code_for(rp)
    mine = select(ClientSession).where(ClientSession.client_row_id == rp.client.id)
    with unit_of_work(rt, Origin()) as ctx:
        place = ctx.db.scalars(mine).one()
        ctx.db.execute(delete(Session).where(Session.id == place.session_id))
    with rt.reading() as db:
        assert db.scalar(mine) is None
