"""The record is permanent: no statement changes it, and what is undone is not in it."""

from uuid import uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from gatehouse.accounts.events import AccountRegistered
from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.audit.service import forget_label, record, record_attempt, set_label
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.errors import Conflict
from gatehouse.core.events import EVENTS
from gatehouse.core.runtime import Runtime
from gatehouse.login.events import SignInRefused
from tests.conftest import client_of
from tests.factories import Factory


def entries_about(runtime: Runtime, user_id) -> list[AuditEntry]:
    with runtime.reading() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.user_id == user_id)))


@pytest.fixture
def entry(runtime: Runtime) -> AuditEntry:
    user_id = uuid4()
    with unit_of_work(runtime, Origin("test-permanence")) as ctx:
        record(ctx, AccountRegistered(user_id=user_id))
    return entries_about(runtime, user_id)[0]


@pytest.mark.parametrize(
    "statement",
    [
        lambda entry: update(AuditEntry).where(AuditEntry.id == entry.id).values(action="x"),
        lambda entry: update(AuditEntry).where(AuditEntry.id == entry.id).values(success=False),
        lambda entry: update(AuditEntry).values(ip=None),
        lambda entry: delete(AuditEntry).where(AuditEntry.id == entry.id),
        lambda entry: delete(AuditEntry),
        lambda entry: text("DELETE FROM audit_entries"),
        lambda entry: text("UPDATE audit_entries SET details = '{}'"),
    ],
)
def test_no_statement_changes_or_deletes_an_entry(runtime: Runtime, entry: AuditEntry, statement):
    with runtime.writing() as db, pytest.raises(DBAPIError, match="cannot be changed"):
        db.execute(statement(entry))

    [found] = entries_about(runtime, entry.user_id)
    assert (found.id, found.action, found.success) == (entry.id, entry.action, True)


@pytest.mark.only_on("postgresql")  # SQLite has no TRUNCATE.
def test_the_table_cannot_be_emptied_at_once(runtime: Runtime, entry: AuditEntry):
    with runtime.writing() as db, pytest.raises(DBAPIError, match="cannot be changed"):
        db.execute(text("TRUNCATE audit_entries"))

    assert len(entries_about(runtime, entry.user_id)) == 1


def test_what_is_rolled_back_is_not_in_the_record(runtime: Runtime):
    """The act and its entry happen, or neither (threat 208)."""
    user_id = uuid4()

    with pytest.raises(Conflict), unit_of_work(runtime, Origin()) as ctx:
        record(ctx, AccountRegistered(user_id=user_id))
        raise Conflict

    assert entries_about(runtime, user_id) == []


def test_an_attempt_outlives_the_refusal(runtime: Runtime):
    user_id = uuid4()
    origin = Origin("test-attempt-1", "192.0.2.7", "tests/1.0")

    with pytest.raises(Conflict), unit_of_work(runtime, origin, Actor("user", user_id)) as ctx:
        record_attempt(ctx, SignInRefused(user_id=user_id, reason="because"))
        raise Conflict

    [found] = entries_about(runtime, user_id)
    assert (found.action, found.success) == ("auth.sign_in_refused", False)
    assert (found.actor_id, found.actor_kind) == (user_id, "user")
    assert (found.request_id, found.ip, found.user_agent) == (
        "test-attempt-1",
        "192.0.2.7",
        "tests/1.0",
    )
    assert found.details == {"reason": "because"}


def test_an_attempt_is_written_once_when_nothing_is_refused(runtime: Runtime):
    user_id = uuid4()

    with unit_of_work(runtime, Origin()) as ctx:
        record_attempt(ctx, SignInRefused(user_id=user_id, reason="because"))

    assert len(entries_about(runtime, user_id)) == 1


def test_a_label_is_set_changed_and_forgotten(ctx: Context):
    subject = uuid4()

    set_label(ctx, subject, kind="user", label="bob@example.test", name="Bob")
    set_label(ctx, subject, kind="user", label="bob@example.test", name="Robert")
    assert ctx.db.get(AuditSubject, subject).name == "Robert"
    forget_label(ctx, subject, kind="user")

    found = ctx.db.get(AuditSubject, subject)
    assert (found.label, found.name) == (f"deleted-user-{subject.hex[-8:]}", None)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_has_a_name_of_two_words_and_a_sentence(name):
    event = EVENTS[name]

    domain, _, act = name.partition(".")
    assert domain.islower()
    assert act.replace("_", "").isalpha()
    assert event.says.endswith(".")
    assert len(name) <= 100
    assert len(event.resource) <= 50


def test_reading_leaves_no_entry(app, make: Factory, address: str, runtime: Runtime):
    client, user = client_of(app, address), make.user()
    headers = make.bearer(user)

    for path in (
        "users/me",
        "auth/me",
        "auth/sessions",
        "auth/audit-logs",
        "users/me/organizations",
    ):
        assert client.get(f"/api/v1/{path}", headers=headers).status_code == 200

    assert entries_about(runtime, user.id) == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "DELETE"])
def test_the_record_takes_no_method_but_get(app, make: Factory, address: str, method):
    """Threat 190."""
    headers = make.bearer(make.user()) | {"X-HTTP-Method-Override": "GET"}

    reply = client_of(app, address).open("/api/v1/auth/audit-logs", method=method, headers=headers)

    assert reply.status_code == 405
