"""Exports: complete, streamed, on record, safe in a spreadsheet; for admins who proved it anew."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from gatehouse.accounts.models import AccountStatus, User
from gatehouse.audit import routes
from gatehouse.audit.models import AuditEntry
from gatehouse.audit.rules.cells import csv_rows, defused
from gatehouse.core.errors import Forbidden, InvalidToken
from gatehouse.core.roles import Role
from tests.audit.ledger import id_of
from tests.audit.record import assert_recorded, entries_of
from tests.factories import PASSWORD, Factory

OWN_PASSWORD = "/api/v1/users/me/password"


class Office:
    def __init__(self, client: FlaskClient, make: Factory) -> None:
        self.client = client
        self.make = make
        self.org = make.organization()
        self.admin = make.member(self.org, Role.ADMIN, user=make.user(full_name="=Olga"))
        self.headers = make.bearer(self.admin)
        self.path = f"/api/v1/organizations/{self.org.id}/audit-logs"

    def write(self, amount: int, **fields) -> list[UUID]:
        start = datetime.now(UTC) - timedelta(minutes=30)
        row = {
            "org_id": self.org.id,
            "actor_id": self.admin.user_id,
            "actor_kind": "user",
            "resource_type": "member",
            "request_id": "test-export",
            "success": True,
            "action": "test.act",
            "details": {},
            **fields,
        }
        moments = [start + timedelta(milliseconds=n) for n in range(amount)]
        rows = [{**row, "created_at": moment, "id": id_of(moment)} for moment in moments]
        with self.client.application.extensions["gatehouse"].engine.begin() as db:
            db.execute(insert(AuditEntry), rows)
        return [row["id"] for row in reversed(rows)]

    def export(self, headers=None, **query):
        return self.client.get(
            f"{self.path}/export", query_string=query, headers=headers or self.headers
        )

    def lines(self, **query):
        """The exported entries without the export's own, newest first."""
        found = [json.loads(line) for line in self.export(**query).data.splitlines()]
        return [line for line in found if line["action"] != "audit.exported"]


@pytest.fixture
def office(client: FlaskClient, make: Factory) -> Office:
    return Office(client, make)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("a=1", "a=1"),
        (" =1", " =1"),
        ("'=1", "'=1"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (-5, "'-5"),
        ({"a": "=1"}, '{"a":"=1"}'),
    ],
)
def test_what_a_spreadsheet_might_calculate_is_defused(value, cell):
    """Threat 211."""
    assert defused(value) == cell


def test_cells_are_quoted_where_they_must_be():
    """RFC 4180."""
    written = csv_rows([["a", 'b"c', "d,e", "f\r\ng", None]])

    assert written == b'a,"b""c","d,e","f\r\ng",\r\n'


def test_json_lines_are_the_entries_of_the_list(office: Office):
    office.write(3, details={"n": 1})
    listed = office.client.get(office.path, headers=office.headers).json["data"]["audit_logs"]

    assert office.lines() == listed


def test_csv_has_a_line_for_each_entry_under_their_names(office: Office):
    ids = office.write(2, user_agent="=HYPERLINK(1)", details={"a": ["x", 1]})

    rows = list(csv.DictReader(io.StringIO(office.export(format="csv", action="test.").text)))

    assert [row["id"] for row in rows] == list(map(str, ids))
    first = rows[0]
    assert first["user_agent"] == "'=HYPERLINK(1)"
    assert first["user_name"] == "'=Olga"
    assert first["metadata"] == '{"a":["x",1]}'
    assert first["user_id"] == str(office.admin.user_id)
    assert (first["success"], first["ip_address"], first["target_user_id"]) == ("true", "", "")
    assert first["created_at"].endswith("Z")


def test_an_export_without_entries_is_a_line_of_names(office: Office):
    assert office.export(format="jsonl", action="none.").data == b""
    assert office.export(format="csv", action="none.").text.count("\r\n") == 1


@pytest.mark.parametrize(
    ("query", "kind", "ending"),
    [
        ({}, "application/x-ndjson", ".jsonl"),
        ({"format": "jsonl"}, "application/x-ndjson", ".jsonl"),
        ({"format": "csv"}, "text/csv; charset=utf-8; header=present", ".csv"),
    ],
)
def test_it_comes_as_a_file_that_nobody_keeps(office: Office, query, kind, ending):
    reply = office.export(**query)

    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == kind
    disposition = reply.headers["Content-Disposition"]
    assert disposition.startswith(f'attachment; filename="audit-{office.org.id}-')
    assert disposition.endswith(f'{ending}"')
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-RateLimit-Remaining" in reply.headers
    assert "Content-Length" not in reply.headers


@pytest.mark.parametrize("amount", [1, 2, 3, 4, 5, 7])
def test_every_entry_comes_once_whatever_the_size_of_a_piece(office: Office, monkeypatch, amount):
    monkeypatch.setattr(routes, "AT_ONCE", 2)
    ids = office.write(amount)

    found = office.lines(action="test.")
    rows = list(csv.reader(io.StringIO(office.export(format="csv", action="test.").text)))

    assert [line["id"] for line in found] == list(map(str, ids))
    assert [row[0] for row in rows] == ["id", *map(str, ids)]


def test_the_export_is_on_record_before_its_first_byte(office: Office):
    reply = office.client.get(
        f"{office.path}/export",
        query_string={"format": "csv", "action": "test.", "success": "false", "q": "secret-word"},
        headers={**office.headers, "X-Request-ID": "test-export-record"},
        buffered=False,
    )

    [entry] = entries_with_id(office, "test-export-record")

    assert (entry.action, entry.org_id) == ("audit.exported", office.org.id)
    assert entry.actor_id == office.admin.user_id
    assert entry.details == {"format": "csv", "filters": ["action", "success", "q"]}
    reply.close()


def entries_with_id(office: Office, request_id: str):
    from tests.audit.record import entries_with  # noqa: PLC0415

    return entries_with(office.client, AuditEntry.request_id == request_id)


def test_filters_are_those_of_the_list(office: Office):
    wanted = office.write(1, action="other.act", resource_type="key", success=False, ip="10.9.8.7")
    office.write(2)
    target = uuid4()
    aimed = office.write(1, resource_id=target)

    for query in (
        {"action": "other."},
        {"resource_type": "key"},
        {"success": "false"},
        {"q": "10.9.8"},
    ):
        assert [line["id"] for line in office.lines(**query)] == [str(wanted[0])], query
    assert [line["id"] for line in office.lines(target_id=target)] == [str(aimed[0])]
    assert len(office.lines(user_id=office.admin.user_id)) == 4
    assert office.lines(user_id=uuid4()) == []
    assert len(office.lines(to=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")) == 4
    assert office.lines(**{"from": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "xml"}, "format"),
        ({"format": ""}, "format"),
        ({"format": "CSV"}, "format"),
        ({"format": "csv\0"}, "format"),
        ({"format": "../../etc/passwd"}, "format"),
        ({"user_id": "me"}, "user_id"),
        ({"target_id": "1"}, "target_id"),
        ({"success": "maybe"}, "success"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01T00:00:00Z"}, "to"),
        ({"action": "x" * 101}, "action"),
        ({"resource_type": "x" * 51}, "resource_type"),
        ({"q": "a\0b"}, "q"),
    ],
)
def test_a_bad_format_or_filter_is_named_and_nothing_is_recorded(office: Office, query, field):
    reply = office.export(**query)

    assert reply.status_code == 400
    assert set(reply.json["error"]["details"]) == {field}
    assert entries_of(office.client, reply) == []


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.MEMBER, 403), (Role.GUEST, 403), (None, 404)],
)
def test_admins_may_export(office: Office, role, status):
    """Threat 210."""
    org = office.org if role else office.make.organization()
    somebody = office.make.member(org, role or Role.OWNER)

    reply = office.export(office.make.bearer(somebody))

    assert reply.status_code == status


def test_it_needs_a_fresh_proof(office: Office):
    """Threat 211."""
    stale = office.make.bearer(office.admin, signed_in_ago=timedelta(minutes=11))

    reply = office.export(stale)

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "REAUTHENTICATION_REQUIRED")
    assert_recorded(
        office.client,
        reply,
        "access.refused",
        actor=office.admin.user_id,
        org=office.org.id,
    )


def test_nothing_of_another_organization_is_in_it(office: Office, client, make):
    """Threat 210."""
    other = Office(client, make)
    other.write(3)
    mine = office.write(1)

    for query in ({}, {"user_id": other.admin.user_id}, {"q": "test-export"}):
        found = {line["organization_id"] for line in office.lines(**query)}
        assert found <= {str(office.org.id)}
    assert [line["id"] for line in office.lines(action="test.")] == [str(mine[0])]


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


def test_exports_leave_threads_for_others(make_app, make: Factory, address: str):
    app = make_app(SERVER_THREADS="4")
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    office = Office(client, make)
    open_ones = [
        client.get(f"{office.path}/export", headers=office.headers, buffered=False)
        for _ in range(2)
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


def test_asking_for_the_headers_alone_sends_nothing(office: Office):
    office.write(2)

    reply = office.client.head(f"{office.path}/export", headers=office.headers)

    assert (reply.status_code, reply.data) == (200, b"")


def test_no_secret_is_in_an_export(office: Office):
    password = "correct horse battery staple"
    token = office.headers["Authorization"].removeprefix("Bearer ")
    office.client.patch(
        f"/api/v1/organizations/{office.org.id}", json={"name": "N"}, headers=office.headers
    )

    text = office.export().text + office.export(format="csv").text

    assert "organization.changed" in text
    assert token not in text
    assert password not in text
