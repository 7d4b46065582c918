"""What the record says of one call. The request id leads from the answer to the entries."""

from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from gatehouse.audit.models import AuditEntry


def entries_of(client: FlaskClient, reply: TestResponse) -> list[AuditEntry]:
    """Every entry that the request made, oldest first."""
    return entries_with(client, AuditEntry.request_id == reply.json["request_id"])


def entry_of(client: FlaskClient, reply: TestResponse) -> AuditEntry:
    """The one entry that the request made (threat 208)."""
    found = entries_of(client, reply)
    assert len(found) == 1, [entry.action for entry in found]
    return found[0]


def entries_with(client: FlaskClient, *conditions: Any) -> list[AuditEntry]:
    with client.application.extensions["gatehouse"].reading() as db:
        return list(db.scalars(select(AuditEntry).where(*conditions).order_by(AuditEntry.id)))


def assert_recorded(
    client: FlaskClient,
    reply: TestResponse,
    action: str,
    *,
    actor: UUID | None,
    target: UUID | None = None,
    org: UUID | None = None,
    resource: UUID | str | None = None,
    kind: str = "user",
) -> AuditEntry:
    """Exactly one entry, which says who did what to whom, where, and from which address."""
    entry = entry_of(client, reply)
    assert entry.action == action
    assert (entry.actor_id, entry.user_id, entry.org_id) == (actor, target, org)
    assert entry.actor_kind == (kind if actor else "anonymous")
    assert entry.ip == client.environ_base["REMOTE_ADDR"]
    assert entry.user_agent == client.environ_base["HTTP_USER_AGENT"]
    assert entry.success is (reply.status_code < 400)
    if resource is not None:
        assert str(entry.resource_id) == str(resource)
    return entry
