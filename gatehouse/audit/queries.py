"""Reading the record: one's own, or one organization's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.audit.ports import PresentMembers
from gatehouse.core.context import Context
from gatehouse.core.events import EVENTS
from gatehouse.core.pagination import Page, paginate_newest_first

FORMER_MEMBER = "Former member"
MOST_EXPORTED = 10_000  # entries in the export of a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What a reader asked for. Text is matched literally, whatever signs it holds."""

    action: str = ""
    user_id: UUID | None = None
    target_id: UUID | None = None
    success: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the reader may see them: without the address if that is not theirs to see."""

    id: UUID
    label: str | None
    name: str | None

    @property
    def is_pseudonym(self) -> bool:
        """Whether the account is deleted: what it is called now is no address, and nobody's."""
        return self.label is not None and "@" not in self.label


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as people read it, with the names that its ids have today.

    ``is_open`` is False where a plain member reads what somebody else did to them: then the
    other's address, network and program stay out of it.
    """

    entry: AuditEntry
    user: Subject | None
    target: Subject | None
    is_open: bool

    @property
    def id(self) -> UUID:
        return self.entry.id

    @property
    def ip(self) -> str | None:
        return self.entry.ip if self.is_open else None

    @property
    def user_agent(self) -> str | None:
        return self.entry.user_agent if self.is_open else None

    @property
    def description(self) -> str:
        event = EVENTS.get(self.entry.action)
        return event.says if event else self.entry.action


@dataclass(frozen=True, slots=True)
class People:
    """What the people of some entries are called, as far as the reader may still know it.

    Names and addresses are today's. What happened in an organization shows them for its present
    members only: whoever has left it is not followed any further.
    """

    reader: UUID | None
    names: dict[UUID | None, Subject]
    present: set[tuple[UUID, UUID]]

    @classmethod
    def of(cls, ctx: Context, entries: Sequence[AuditEntry]) -> "People":
        people = {i for entry in entries for i in (entry.actor_id, entry.user_id) if i}
        orgs = {entry.org_id for entry in entries if entry.org_id}
        present = ctx.ports[PresentMembers](ctx, orgs, people) if orgs and people else set()
        return cls(ctx.actor.user_id, _names(ctx, people), present)

    def seen_in(self, entry: AuditEntry, person: UUID | None) -> Subject | None:
        found = self.names.get(person)
        if found is None or entry.org_id is None or found.id == self.reader:
            return found
        if (entry.org_id, found.id) in self.present or found.is_pseudonym:
            return found
        return Subject(found.id, None, FORMER_MEMBER)


def own_entries(user_id: UUID) -> Select[Any]:
    """What an account did, and what happened to it."""
    return select(AuditEntry).where(
        or_(AuditEntry.actor_id == user_id, AuditEntry.user_id == user_id)
    )


def entries_of(org_id: UUID) -> Select[Any]:
    return select(AuditEntry).where(AuditEntry.org_id == org_id)


def read_lines(
    ctx: Context,
    entries: Select[Any],
    filters: Filters,
    *,
    page: int,
    per_page: int,
    cursor: UUID | None,
    shows_others: bool,
) -> Page[Line]:
    """One page of ``entries``, newest first. ``shows_others``: other actors are not hidden."""
    rows = _narrowed(entries, filters)
    found = paginate_newest_first(
        ctx, rows, AuditEntry.id, page=page, per_page=per_page, cursor=cursor
    )
    people = People.of(ctx, found.items)

    def line(entry: AuditEntry) -> Line:
        is_open = shows_others or entry.actor_id in (None, ctx.actor.user_id)
        actor = people.seen_in(entry, entry.actor_id)
        if actor is not None and not is_open:
            actor = replace(actor, label=None)
        return Line(entry, actor, people.seen_in(entry, entry.user_id), is_open)

    return found.map(line)


def _narrowed(rows: Select[Any], filters: Filters) -> Select[Any]:
    if filters.action:
        rows = rows.where(AuditEntry.action.startswith(filters.action, autoescape=True))
    if filters.user_id:
        rows = rows.where(AuditEntry.actor_id == filters.user_id)
    if filters.target_id:
        rows = rows.where(
            or_(
                AuditEntry.resource_id == filters.target_id, AuditEntry.user_id == filters.target_id
            )
        )
    if filters.success is not None:
        rows = rows.where(AuditEntry.success.is_(filters.success))
    if filters.since:
        rows = rows.where(AuditEntry.created_at >= filters.since)
    if filters.until:
        rows = rows.where(AuditEntry.created_at < filters.until)
    if filters.q:
        columns = (AuditEntry.action, AuditEntry.ip, AuditEntry.user_agent, AuditEntry.request_id)
        rows = rows.where(or_(*(c.icontains(filters.q, autoescape=True) for c in columns)))
    return rows


def _names(ctx: Context, ids: set[UUID]) -> dict[UUID | None, Subject]:
    if not ids:
        return {}
    found = ctx.db.scalars(select(AuditSubject).where(AuditSubject.id.in_(ids)))
    return {subject.id: Subject(subject.id, subject.label, subject.name) for subject in found}


def audit_entries(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the record: one's newest acts, and what happened to the account."""
    names = ("id", "created_at", "action", "org_id", "success", "ip", "user_agent", "request_id")
    newest = own_entries(user_id).order_by(AuditEntry.id.desc()).limit(MOST_EXPORTED)
    return [{name: getattr(row, name) for name in names} for row in ctx.db.scalars(newest)]
