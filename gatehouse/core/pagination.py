"""Lists come in pages; those that grow without end also lead on by cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import FromClause, Select, func, select, union, union_all
from sqlalchemy.orm import InstrumentedAttribute

from gatehouse.core.context import Context
from gatehouse.core.errors import Invalid
from gatehouse.core.fields import Whole

T = TypeVar("T")
S = TypeVar("S")

PER_PAGE, MOST_PER_PAGE = 50, 200
DEEPEST_ROW = 10_000
COUNTED = 10_000
SEARCHED = 50_000


class CursorField(fields.Field[UUID]):
    """Where a page ended: the id of its last row, in 22 characters that mean nothing to others."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        del attr, data, kwargs
        try:
            key = UUID(bytes=urlsafe_b64decode(f"{value}=="))
        except (ValueError, Base64Error):
            key = None
        if key is None or _cursor(key) != value:  # A cursor has one spelling.
            raise ValidationError("Not a cursor. Use meta.next_cursor of the page before.")
        return key


class Window(Schema):
    """Which part of a list: ``page`` from 1, ``per_page`` rows."""

    page = Whole(load_default=1, validate=validate.Range(1, error="Pages count from 1."))
    per_page = Whole(
        load_default=PER_PAGE,
        validate=validate.Range(1, MOST_PER_PAGE, error=f"Between 1 and {MOST_PER_PAGE}."),
    )


class CursorWindow(Window):
    """The same, or on from ``cursor``, which meta.next_cursor of the page before gives."""

    cursor = CursorField(load_default=None)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``count`` is the total; past 10,000 it is capped, and says so.

    ``beside`` is what else stands beside the rows.
    """

    items: Sequence[T]
    count: int
    page: int
    per_page: int
    is_capped: bool = False
    next_cursor: str | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)

    def map(self, shown: Callable[[T], S]) -> "Page[S]":
        """The same page with each row turned into what is shown of it."""
        counts = {name: getattr(self, name) for name in self.__slots__ if name != "items"}
        return Page(items=[shown(item) for item in self.items], **counts)

    def with_beside(self, **more: Any) -> "Page[T]":
        return replace(self, beside={**self.beside, **more})

    def counts(self) -> dict[str, Any]:
        pages = -(-self.count // self.per_page)
        found = {"count": self.count, "page": self.page, "per_page": self.per_page, "pages": pages}
        return found | ({"count_is_capped": True} if self.is_capped else {})

    def data(self) -> dict[str, Any]:
        """What stands beside the rows in ``data``."""
        return self.counts() | dict(self.beside)

    def meta(self) -> dict[str, Any]:
        counts = self.counts()
        counts["total"] = counts.pop("count")
        return {"pagination": counts, "next_cursor": self.next_cursor}


def paginate(ctx: Context, rows: Select[Any], *, page: int, per_page: int) -> Page[Any]:
    """Count and read one page of objects. The order must end in a unique column."""
    return paginate_rows(ctx, rows, page=page, per_page=per_page).map(lambda row: row[0])


def paginate_rows(
    ctx: Context,
    rows: Select[*tuple[Any, ...]],
    *,
    page: int,
    per_page: int,
    offset: int | None = None,
) -> Page[Any]:
    """The same for rows of several columns. ``offset``: from there on, wherever the page begins."""
    offset = _offset(page, per_page) if offset is None else _deep(offset)
    count = ctx.db.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    items = ctx.db.execute(rows.limit(per_page).offset(offset)).all()
    return Page(items=items, count=count, page=page, per_page=per_page)


def paginate_list(found: Sequence[T], *, page: int, per_page: int) -> Page[T]:
    """One page of what is short enough to be read whole."""
    offset = _offset(page, per_page)
    shown = found[offset : offset + per_page]
    return Page(items=shown, count=len(found), page=page, per_page=per_page)


def paginate_newest_first(
    ctx: Context,
    parts: Sequence[Select[Any]],
    key: InstrumentedAttribute[UUID],
    *,
    page: int,
    per_page: int,
    cursor: UUID | None,
) -> Page[Any]:
    """One page of a list that grows without end, by ``key`` (a UUIDv7) from the newest down.

    The list is the union of ``parts``, which may overlap. Each is walked along an index of its own,
    and no further than the page reaches: one condition for all would make the database sort.
    """
    offset = 0 if cursor else _offset(page, per_page)
    found = newest_of(ctx, parts, key, cursor=cursor, most=per_page + 1, offset=offset)
    items, has_more = found[:per_page], len(found) > per_page
    # Where the list ends on this page we know its length; behind its end, or on from a cursor, not.
    ends_here = cursor is None and not has_more and (items or offset == 0)
    count = offset + len(items) if ends_here else _count(ctx, parts, key)
    return Page(
        items=items,
        count=min(count, COUNTED),
        page=page,
        per_page=per_page,
        is_capped=count > COUNTED,
        next_cursor=_cursor(items[-1].id) if has_more else None,
    )


def search_newest_first(
    ctx: Context,
    parts: Sequence[Select[Any]],
    sieve: Callable[[Select[Any]], Select[Any]],
    key: InstrumentedAttribute[UUID],
    *,
    page: int,
    per_page: int,
    cursor: UUID | None,
) -> Page[Any]:
    """The same for what no index leads to: those of the next ``SEARCHED`` rows of each of ``parts``
    that ``sieve`` leaves.

    ``next_cursor`` leads on to the rest, from a page that is not full as well. Where there are
    more rows than that, the count tells no more than that there is a next page.
    """
    offset = 0 if cursor else _offset(page, per_page)
    ahead = [part.where(key < cursor) for part in parts] if cursor else parts
    floor = _end_of_search(ctx, ahead, key)
    sifted = [sieve(part.where(key >= floor) if floor else part) for part in ahead]
    found = newest_of(ctx, sifted, key, cursor=None, most=per_page + 1, offset=offset)
    items, has_more = found[:per_page], len(found) > per_page
    # If all was searched, it can be counted, unless the list ends on this page anyhow. If not, the
    # row that was found beyond this page is all that is told.
    ends_here = not has_more and (items or offset == 0)
    is_counted = floor is None and not ends_here
    count = _count(ctx, sifted, key) if is_counted else offset + len(found)
    last = items[-1].id if has_more else floor
    return Page(
        items=items,
        count=min(count, COUNTED),
        page=page,
        per_page=per_page,
        is_capped=floor is not None or count > COUNTED,
        next_cursor=_cursor(last) if last else None,
    )


def newest_of(
    ctx: Context,
    parts: Sequence[Select[Any]],
    key: InstrumentedAttribute[UUID],
    *,
    cursor: UUID | None,
    most: int,
    offset: int = 0,
) -> Sequence[Any]:
    """The rows themselves, older than ``cursor``, the newest first."""
    if cursor:
        parts = [part.where(key < cursor) for part in parts]
    if len(parts) == 1:
        rows = parts[0].order_by(key.desc()).limit(most).offset(offset)
    else:
        newest_first = [part.order_by(key.desc()) for part in parts]
        united = _united(newest_first, key, offset + most)
        ids = select(united.c[0]).order_by(united.c[0].desc()).limit(most).offset(offset)
        rows = select(key.class_).where(key.in_(ids)).order_by(key.desc())
    return ctx.db.scalars(rows).all()


def _count(ctx: Context, parts: Sequence[Select[Any]], key: InstrumentedAttribute[UUID]) -> int:
    """How many there are, up to one more than we tell."""
    found = select(func.count()).select_from(_united(parts, key, COUNTED + 1))
    return ctx.db.scalar(found) or 0


def _end_of_search(
    ctx: Context, parts: Sequence[Select[Any]], key: InstrumentedAttribute[UUID]
) -> UUID | None:
    """The last row to be searched, or None where everything that is left is few enough.

    The parts are searched to the same row, so that the next search begins behind it in each.
    """
    ends = [
        part.with_only_columns(key).order_by(key.desc()).offset(SEARCHED - 1).limit(1).subquery()
        for part in parts
    ]
    found = ctx.db.scalars(union_all(*(select(end.c[0]) for end in ends))).all()
    return max(found, default=None)


def _united(
    parts: Sequence[Select[Any]], key: InstrumentedAttribute[UUID], most: int
) -> FromClause:
    """The keys of all parts, of each at most ``most``, every key once."""
    keys = [part.with_only_columns(key).limit(most).subquery() for part in parts]
    if len(keys) == 1:
        return keys[0]
    return union(*(select(part.c[0]) for part in keys)).subquery()


def _offset(page: int, per_page: int) -> int:
    return _deep((page - 1) * per_page)


def _deep(offset: int) -> int:
    if offset >= DEEPEST_ROW:
        raise Invalid(page=[f"Pages reach {DEEPEST_ROW} rows deep. Go on by cursor, or filter."])
    return offset


def _cursor(key: UUID) -> str:
    return urlsafe_b64encode(key.bytes).decode().rstrip("=")
