"""Writing the record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, bindparam, insert, select
from uuid_utils.compat import uuid7

from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.core.context import Context
from gatehouse.core.events import Event
from gatehouse.core.prepared import Prepared, inserting
from gatehouse.outbox.service import publish

ENTRIES = AuditEntry.metadata.tables[AuditEntry.__tablename__]
OF_ENTRY = "entry_"  # what values of the record are called beside those of another row
WRITTEN = inserting(ENTRIES, (column.name for column in ENTRIES.c))


def record(ctx: Context, event: Event) -> None:
    """Record ``event`` in the current transaction: the act, its record and the messages to those
    who handle it later (``@on``) happen, or none of them.

    First the higher domains react to it (``@during``). They may refuse the act by raising.
    """
    details = event.details()
    for reaction in ctx.runtime.reactions.get(type(event), ()):
        details |= reaction(ctx, event) or {}
    WRITTEN.count(ctx.db.connection(), _entry(ctx, event, details))
    ctx.recorded.append(event)
    publish(ctx, event)


class Recorded:
    """What inserts a row, or none if its condition does not hold, and puts that on record. Where
    nothing else happens with it, PostgreSQL does both in one exchange.
    """

    def __init__(self, inserts: Insert) -> None:
        there = inserts.returning(inserts.table.c.id).cte("there")
        entry = (bindparam(OF_ENTRY + each.name, type_=each.type) for each in ENTRIES.c)
        written = insert(ENTRIES).from_select(list(ENTRIES.c), select(*entry).select_from(there))
        self._alone = Prepared(inserts)
        self._with_record = Prepared(written.add_cte(there))

    def happens(self, ctx: Context, event: Event, values: Mapping[str, Any]) -> bool:
        """Whether the row was inserted. If not, nothing is on record."""
        wire = None if _is_of_interest(ctx, event) else ctx.last_wire
        if wire is None or wire.dialect.name == "sqlite":
            is_there = self._alone.count(ctx.db.connection(), values) == 1
            if is_there:
                record(ctx, event)
            return is_there
        entry = _entry(ctx, event, event.details())
        named = {OF_ENTRY + name: value for name, value in entry.items()}
        is_there = self._with_record.count(wire, {**values, **named}) == 1
        if is_there:
            ctx.recorded.append(event)
        return is_there


def _is_of_interest(ctx: Context, event: Event) -> bool:
    """Whether other domains react to it, within the act or later."""
    kind = type(event)
    return bool(ctx.runtime.reactions.get(kind) or ctx.runtime.handlers_of.get(kind))


def _entry(ctx: Context, event: Event, details: dict[str, Any]) -> dict[str, Any]:
    return {
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
