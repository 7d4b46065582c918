"""Writing the record."""

from uuid import UUID

from uuid_utils.compat import uuid7

from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.core.context import Context
from gatehouse.core.events import Event
from gatehouse.core.prepared import inserting
from gatehouse.outbox.service import publish

ENTRIES = AuditEntry.metadata.tables[AuditEntry.__tablename__]
WRITTEN = inserting(ENTRIES, (column.name for column in ENTRIES.c))


def record(ctx: Context, event: Event) -> None:
    """Record ``event`` in the current transaction: the act, its record and the messages to those
    who handle it later (``@on``) happen, or none of them.

    First the higher domains react to it (``@during``). They may refuse the act by raising.
    """
    details = event.details()
    for reaction in ctx.runtime.reactions.get(type(event), ()):
        details |= reaction(ctx, event) or {}
    entry = {
        "id": uuid7(),
        "created_at": ctx.now,
        "action": event.name,
        "org_id": event.org_id,
        "actor_kind": ctx.actor.kind,
        "actor_id": ctx.actor.user_id,
        "user_id": event.user_id,
        "resource_type": event.resource,
        "resource_id": event.resource_id,
        "ip": ctx.origin.ip,
        "user_agent": ctx.origin.user_agent,
        "request_id": ctx.origin.request_id,
        "success": not event.is_refusal,
        "details": details,
    }
    WRITTEN.count(ctx.db.connection(), entry)
    ctx.recorded.append(event)
    publish(ctx, event)


def record_attempt(ctx: Context, event: Event) -> None:
    """Record ``event`` even if the request is refused and rolled back."""
    ctx.attempts.append(event)


def write_attempts(ctx: Context, events: list[Event]) -> None:
    """The kernel's AttemptLog: called last, in a transaction of its own after a refusal."""
    for event in events:
        record(ctx, event)


def set_label(ctx: Context, subject_id: UUID, *, kind: str, label: str, name: str | None) -> None:
    """Say what the record calls ``subject_id`` from now on, in old entries too."""
    ctx.db.merge(AuditSubject(id=subject_id, kind=kind, label=label, name=name))


def forget_label(ctx: Context, subject_id: UUID, *, kind: str) -> None:
    """Leave a pseudonym in place of a person's address and name."""
    pseudonym = f"deleted-{kind}-{subject_id.hex[-8:]}"
    ctx.db.merge(AuditSubject(id=subject_id, kind=kind, label=pseudonym, name=None))
