"""Exports under way: what ends them, and how many there may be."""

from datetime import UTC, datetime
from socket import socketpair

import pytest

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.audit import routes
from gatehouse.core import places
from gatehouse.core.errors import Forbidden, InvalidToken, TooManyRequests
from gatehouse.core.roles import Role
from gatehouse.core.streaming import DEADLINE
from tests.audit.office import Office
from tests.audit.record import entries_of
from tests.factories import PASSWORD, Factory

ERROR = b'{"error":'
OWN_PASSWORD = "/api/v1/users/me/password"


@pytest.mark.parametrize(("file_format", "broken"), [("jsonl", b'{"error":'), ("csv", b"error,")])
def test_who_loses_the_role_during_an_export_is_told_that_it_broke_off(
    office: Office, monkeypatch, file_format, broken
):
    monkeypatch.setattr(routes, "AT_ONCE", 2)
    office.write(6)
    path = f"{office.path}/export?format={file_format}"
    reply = office.client.get(path, headers=office.headers, buffered=False)
    body = iter(reply.response)
    next(body)

    office.make.change(office.admin, role=Role.MEMBER)

    assert next(body).startswith(broken)
    with pytest.raises(Forbidden):
        next(body)
    reply.close()


@pytest.mark.parametrize("way", ["suspended", "deleted", "revoked", "new password"])
def test_an_export_ends_with_the_session_or_account_of_its_reader(office: Office, monkeypatch, way):
    """Threat 181."""
    monkeypatch.setattr(routes, "AT_ONCE", 2)
    office.write(6)
    make, client, user = office.make, office.client, User(id=office.admin.user_id)
    other = make.bearer(office.admin)
    reply = client.get(f"{office.path}/export", headers=office.headers, buffered=False)
    body = iter(reply.response)
    next(body)

    if way == "suspended":
        make.change(user, status=AccountStatus.SUSPENDED)
    elif way == "deleted":
        make.change(user, deleted_at=datetime.now(UTC))
    elif way == "revoked":
        assert client.post("/api/v1/auth/logout", headers=office.headers).status_code < 300
    else:
        words = {"current_password": PASSWORD, "new_password": "another horse battery staple"}
        sent = {**words, "new_password_confirm": words["new_password"]}
        assert client.post(OWN_PASSWORD, json=sent, headers=other).status_code < 300

    assert next(body).startswith(b'{"error":')
    with pytest.raises(InvalidToken):
        next(body)
    reply.close()


def large(client, make: Factory) -> Office:
    """An organization whose record is more than one piece, of two entries each."""
    office = Office(client, make)
    office.write(6)
    return office


@pytest.fixture
def in_pieces(monkeypatch):
    monkeypatch.setattr(routes, "AT_ONCE", 2)


@pytest.fixture
def stalled(client, make: Factory, in_pieces):
    """An export of which nothing more than the first piece is taken."""
    office = large(client, make)
    office.reply = client.get(f"{office.path}/export", headers=office.headers, buffered=False)
    next(iter(office.reply.response))
    yield office
    office.reply.close()


@pytest.mark.parametrize("same", ["account", "organization"])
def test_one_account_or_organization_takes_one_of_the_places(
    client, make: Factory, stalled: Office, same
):
    """Threat 204: a reader who stalls holds up nobody but themselves."""
    office, other = stalled, large(client, make)
    if same == "account":
        make.member(other.org, Role.ADMIN, user=User(id=office.admin.user_id))
        other.headers = make.bearer(office.admin)
    else:
        other.path = office.path
        other.headers = make.bearer(make.member(office.org, Role.ADMIN))

    refused, served = other.export(), large(client, make).export()
    stalled.reply.close()

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert entries_of(client, refused) == []
    assert (served.status_code, other.export().status_code) == (200, 200)


def test_who_takes_nothing_for_a_while_makes_way_for_whoever_comes(
    stalled: Office, make: Factory, monkeypatch
):
    """Threat 204: an admin who was removed does not keep the owner from the record."""
    owner = make.bearer(make.member(stalled.org, Role.OWNER))
    assert stalled.export(owner).status_code == 429

    monkeypatch.setattr(places, "STALLED", 0.0)

    assert stalled.export(owner).status_code == 200
    body = iter(stalled.reply.response)
    assert next(body).startswith(ERROR)
    with pytest.raises(TooManyRequests):
        next(body)


def test_a_stranger_does_not_hear_whether_somebody_exports(stalled: Office, make: Factory):
    assert stalled.export(make.bearer(make.user())).status_code == 404


def test_what_has_one_piece_needs_no_place(stalled: Office, make: Factory):
    """Threat 204: most exports are served whatever others do."""
    owner = make.bearer(make.member(stalled.org, Role.OWNER))

    reply = stalled.export(owner, action="test.nothing")

    assert (reply.status_code, reply.headers["Content-Length"]) == (200, "0")


def test_a_piece_that_is_not_taken_ends_the_export_where_a_server_lets_us_say_so(office: Office):
    """Threat 204."""
    ours, theirs = socketpair()
    with ours, theirs:
        at = f"{office.path}/export"
        lent = {"gunicorn.socket": ours}
        reply = office.client.get(
            at, headers=office.headers, buffered=False, environ_overrides=lent
        )
        assert ours.gettimeout() == DEADLINE

        reply.close()

        assert ours.gettimeout() is None


def test_exports_leave_threads_for_others(make_app, make: Factory, in_pieces, address: str):
    app = make_app(SERVER_THREADS="4")
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    first, second, office = (large(client, make) for _ in range(3))
    open_ones = [
        client.get(f"{each.path}/export", headers=each.headers, buffered=False)
        for each in (first, second)
    ]

    refused = office.export()
    for reply in open_ones:
        reply.close()

    assert [reply.status_code for reply in open_ones] == [200, 200]
    assert (refused.status_code, refused.json["error"]["type"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert refused.headers["Retry-After"] == "10"
    assert entries_of(client, refused) == []
    assert office.export().status_code == 200


def test_refusals_give_their_place_back(make_app, make: Factory, address: str):
    app = make_app(SERVER_THREADS="2", RATELIMIT_ENABLED="false")
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    office = Office(client, make)

    for _ in range(3):
        assert office.export(format="xml").status_code == 400

    assert office.export().status_code == 200
