"""Exports: complete, streamed, on record, safe in a spreadsheet; for admins who proved it anew."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gatehouse.audit import routes
from gatehouse.audit.models import AuditEntry
from gatehouse.audit.rules.cells import csv_rows, defused
from gatehouse.core.roles import Role
from tests.audit.office import Office
from tests.audit.record import assert_recorded, entries_of


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
    assert reply.headers["Content-Length"] == str(len(reply.data))


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
    assert (entry.resource_type, entry.resource_id) == ("org", office.org.id)
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
