"""Reading the record: one's own, one organization's, or all that one may read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from gatehouse.audit.models import AuditEntry, AuditSubject
from gatehouse.audit.ports import PresentMembers, ReadableRecords
from gatehouse.audit.rules.hashing import earlier, later, least_id
from gatehouse.core.access import is_operator
from gatehouse.core.context import Context
from gatehouse.core.events import EVENTS
from gatehouse.core.pagination import Page, newest_of, paginate_newest_first, search_newest_first

# No sign sorts behind it, so that a prefix is a range.
LAST_SIGN = "\U0010ffff"
FORMER_MEMBER = "Former member"
MOST_EXPORTED = 10_000  # entries in the export of a person


class Window(TypedDict):
    """Which part of a list."""

    page: int
    per_page: int
    cursor: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What a reader asked for. Text is matched literally, whatever signs it holds."""

    action: str = ""
    user_id: UUID | None = None
    target_id: UUID | None = None
    resource_type: str = ""
    success: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str = ""

    def names(self) -> tuple[str, ...]:
        """Which of them are in use."""
        given = (each.name for each in fields(self) if getattr(self, each.name) not in (None, ""))
        return tuple(given)


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
    knows_all: bool = False

    @classmethod
    def of(cls, ctx: Context, entries: Sequence[AuditEntry], *, knows_all: bool) -> "People":
        people = {i for entry in entries for i in (entry.actor_id, entry.user_id) if i}
        orgs = {entry.org_id for entry in entries if entry.org_id}
        present = ctx.ports[PresentMembers](ctx, orgs, people) if orgs and people else set()
        return cls(ctx.actor.user_id, _names(ctx, people), present, knows_all)

    def seen_in(self, entry: AuditEntry, person: UUID | None) -> Subject | None:
        found = self.names.get(person)
        if found is None or entry.org_id is None or found.id == self.reader or self.knows_all:
            return found
        if (entry.org_id, found.id) in self.present or found.is_pseudonym:
            return found
        return Subject(found.id, None, FORMER_MEMBER)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a reader may read: the union of ``parts``, and of these organizations all of it.

    An act of somebody else on a plain member is shown without the other's address and network.
    """

    parts: tuple[Select[Any], ...]
    org_ids: frozenset[UUID] = frozenset()
    is_everything: bool = False

    @property
    def is_of_admins(self) -> bool:
        return self.is_everything or bool(self.org_ids)

    def shows_all_of(self, entry: AuditEntry, reader_id: UUID) -> bool:
        is_own = entry.actor_id in (None, reader_id)
        return self.is_everything or entry.org_id in self.org_ids or is_own

    def is_all_shown(self, reader_id: UUID) -> ColumnElement[bool]:
        """The same, for the database."""
        if self.is_everything:
            return true()
        is_own = or_(AuditEntry.actor_id.is_(None), AuditEntry.actor_id == reader_id)
        return or_(is_own, AuditEntry.org_id.in_(self.org_ids)) if self.org_ids else is_own


def own_entries(user_id: UUID) -> Reach:
    """What an account did, and what happened to it."""
    entries = select(AuditEntry)
    did, befell = AuditEntry.actor_id == user_id, AuditEntry.user_id == user_id
    return Reach((entries.where(did), entries.where(befell)))


def entries_of(org_id: UUID) -> Reach:
    return Reach((select(AuditEntry).where(AuditEntry.org_id == org_id),), frozenset({org_id}))


def reach_of(ctx: Context, user_id: UUID) -> Reach:
    """One's own entries and those of every organization whose record one may read; to an operator
    everything.
    """
    if is_operator(ctx):
        return Reach((select(AuditEntry),), is_everything=True)
    org_ids = ctx.ports[ReadableRecords](ctx, user_id)
    reaches = [own_entries(user_id), *(entries_of(org_id) for org_id in org_ids)]
    return Reach(tuple(part for reach in reaches for part in reach.parts), frozenset(org_ids))


def read_lines(
    ctx: Context,
    reach: Reach,
    filters: Filters,
    *,
    page: int,
    per_page: int,
    cursor: UUID | None,
) -> Page[Line]:
    """One page of what is in reach, newest first."""
    window: Window = {"page": page, "per_page": per_page, "cursor": cursor}
    parts = [narrow for part in reach.parts for narrow in _narrowed(part, filters)]
    shown = reach.is_all_shown(ctx.user_id)
    if _is_search(reach, filters):
        sieve = partial(_sifted, filters=filters, shown=shown)
        found = search_newest_first(ctx, parts, sieve, AuditEntry.id, **window)
    else:
        parts = [_sifted(part, filters, shown) for part in parts]
        found = paginate_newest_first(ctx, parts, AuditEntry.id, **window)
    return found.map(_line_of(ctx, reach, found.items))


def _is_search(reach: Reach, filters: Filters) -> bool:
    """Whether no index leads to what is asked for. To an organization's actions and refusals one
    does, and what one person did or suffered is little.
    """
    of_a_person = filters.user_id is not None or filters.target_id is not None
    by_kind = bool(filters.action) or filters.success is not None
    has_no_index = reach.is_everything and by_kind and not of_a_person
    return has_no_index or bool(filters.q or filters.resource_type)


def read_batch(
    ctx: Context, reach: Reach, filters: Filters, *, cursor: UUID | None, most: int
) -> list[Line]:
    """The next entries past ``cursor``, newest first, without counting them."""
    narrow = [narrow for part in reach.parts for narrow in _narrowed(part, filters)]
    shown = reach.is_all_shown(ctx.user_id)
    parts = [_sifted(part, filters, shown) for part in narrow]
    found = newest_of(ctx, parts, AuditEntry.id, cursor=cursor, most=most)
    return list(map(_line_of(ctx, reach, found), found))


def _line_of(
    ctx: Context, reach: Reach, entries: Sequence[AuditEntry]
) -> Callable[[AuditEntry], Line]:
    people = People.of(ctx, entries, knows_all=reach.is_everything)

    def line(entry: AuditEntry) -> Line:
        is_open = reach.shows_all_of(entry, ctx.user_id)
        actor = people.seen_in(entry, entry.actor_id)
        if actor is not None and not is_open:
            actor = replace(actor, label=None)
        return Line(entry, actor, people.seen_in(entry, entry.user_id), is_open)

    return line


def _narrowed(rows: Select[Any], filters: Filters) -> list[Select[Any]]:
    """The part of a list that is asked for, as far as its order by id has an index: in two parts
    where two indexes lead to it.
    """
    if filters.user_id:
        rows = rows.where(AuditEntry.actor_id == filters.user_id)
    if filters.since:
        rows = rows.where(AuditEntry.id >= least_id(earlier(filters.since)))
    if filters.until:
        rows = rows.where(AuditEntry.id < least_id(later(filters.until)))
    if not filters.target_id:
        return [rows]
    aims = (AuditEntry.resource_id, AuditEntry.user_id)
    return [rows.where(aim == filters.target_id) for aim in aims]


def _sifted(rows: Select[Any], filters: Filters, shown: ColumnElement[bool]) -> Select[Any]:
    """What the other filters leave. Text is looked for in what the reader sees of an entry."""
    if filters.action:
        after_all = filters.action + LAST_SIGN
        rows = rows.where(AuditEntry.action.between(filters.action, after_all))
    if filters.resource_type:
        rows = rows.where(AuditEntry.resource_type == filters.resource_type)
    if filters.success is not None:
        rows = rows.where(AuditEntry.success.is_(filters.success))
    if filters.since:
        rows = rows.where(AuditEntry.created_at >= filters.since)
    if filters.until:
        rows = rows.where(AuditEntry.created_at < filters.until)
    if filters.q:
        for_all = _any_holds(filters.q, AuditEntry.action, AuditEntry.request_id)
        for_some = _any_holds(filters.q, AuditEntry.ip, AuditEntry.user_agent)
        rows = rows.where(or_(for_all, and_(shown, for_some)))
    return rows


def _any_holds(text: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _names(ctx: Context, ids: set[UUID]) -> dict[UUID | None, Subject]:
    if not ids:
        return {}
    found = ctx.db.scalars(select(AuditSubject).where(AuditSubject.id.in_(ids)))
    return {subject.id: Subject(subject.id, subject.label, subject.name) for subject in found}


def audit_entries(ctx: Context, user_id: UUID) -> list[dict[str, Any]]:
    """What an export tells of the record: one's newest acts, and what happened to the account.

    As in the list, nobody learns from which address and program somebody else did that.
    """
    names = ("id", "created_at", "action", "org_id", "success", "request_id")
    reach = own_entries(user_id)
    newest = newest_of(ctx, reach.parts, AuditEntry.id, cursor=None, most=MOST_EXPORTED)
    lines = []
    for row in newest:
        told = (row.ip, row.user_agent) if reach.shows_all_of(row, user_id) else (None, None)
        whose = {"is_own_act": row.actor_id == user_id, "ip": told[0], "user_agent": told[1]}
        lines.append({name: getattr(row, name) for name in names} | whose)
    return lines
