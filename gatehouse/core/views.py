"""What a view declares beside its access: what comes in, what goes out, and how it may fail."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar

from marshmallow import EXCLUDE, RAISE, Schema

from gatehouse.core import access
from gatehouse.core.context import Context
from gatehouse.core.errors import GatehouseError
from gatehouse.core.pagination import Page
from gatehouse.core.published import Published, Versioned
from gatehouse.core.streaming import Stream
from gatehouse.core.words import in_plain_words

View = TypeVar("View", bound=Callable[..., Any])
Reply = tuple[HTTPStatus, Any, Any]
Also = Callable[[Context, dict[str, Any]], dict[str, list[str]]]
Holds = Callable[[Context, Any], None]


@dataclass(frozen=True, slots=True)
class There:
    """What a view that makes things returns if this one was there already: 200 instead of 201."""

    thing: Any


@dataclass(frozen=True, slots=True)
class Returns:
    """How what a view returns is shaped. ``key`` is its name inside ``data``; what ``is_bare`` goes
    out as it is, without an envelope.
    """

    schema: Schema | None
    status: HTTPStatus
    key: str
    is_bare: bool = False

    @property
    def names(self) -> Collection[str]:
        """The fields that it shows."""
        return self.schema.dump_fields if self.schema is not None else ()

    def shape(self, result: Any) -> Reply:
        if isinstance(result, There):
            return replace(self, status=HTTPStatus.OK).shape(result.thing)
        if isinstance(result, Stream | Published | Versioned):
            return self.status, result, None
        if self.schema is None:
            return self.status, None, None
        if isinstance(result, Page):
            rows = self.schema.dump(result.items, many=True)
            return self.status, {self.key: rows, **result.data()}, result.meta()
        if isinstance(result, list):
            rows = self.schema.dump(result, many=True)
            return self.status, {self.key: rows, "count": len(rows)}, None
        shaped = self.schema.dump(result)
        return self.status, {self.key: shaped} if self.key else shaped, None


def body(
    schema: type[Schema], *, partial: bool = False, also: Also | None = None
) -> Callable[[View], View]:
    """Pass the JSON body, validated by ``schema``, as keyword arguments.

    When something is not valid, ``also(ctx, what was)`` names what no schema can find.
    """
    return _note(body=in_plain_words(schema(partial=partial)), also=also)


def query(schema: type[Schema], *, strict: bool = False) -> Callable[[View], View]:
    """Pass the query string, validated by ``schema``; parameters it does not know are ignored, or
    refused if ``strict``: where one that is misspelt would do what nobody wanted.
    """
    return _note(query=in_plain_words(schema(unknown=RAISE if strict else EXCLUDE)))


def returns(
    schema: type[Schema] | None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    key: str = "",
    listed: bool = False,
    paged: bool = False,
    bare: bool = False,
    or_there: bool = False,
    beside: Mapping[str, Any] | None = None,
) -> Callable[[View], View]:
    """Shape what the view returns; ``bare``: without an envelope. ``listed``, ``paged``,
    ``or_there`` (it may return ``There``) and ``beside`` (what else a page has in ``data``, as JSON
    schemas) tell the OpenAPI document.
    """
    shape = Returns(schema() if schema else None, status, key, bare)
    notes = {"listed": listed, "paged": paged, "or_there": or_there, "beside": beside or {}}
    return _note(returns=shape, **notes)


def streams(*content_types: str) -> Callable[[View], View]:
    """The view returns a Stream. It may record that it was called, although it is a GET."""
    return _note(returns=Returns(None, HTTPStatus.OK, ""), streams=content_types)


def publishes(content_type: str) -> Callable[[View], View]:
    """The view returns something Published, or Versioned."""
    return _note(returns=Returns(None, HTTPStatus.OK, ""), publishes=(content_type,))


def with_tag(view: View) -> View:
    """Whoever has this answer already, as its tag says, gets 304 and no body."""
    return _note(is_tagged=True)(view)


def ready(name: str) -> Callable[[View], View]:
    """Let the cache keep this answer beside the caller's session, until the caller is forgotten."""
    return _note(ready=name)


def told_again_if(holds: Holds) -> Callable[[View], View]:
    """Let ``holds(ctx, data)`` refuse, by what it raises, a stored answer that is true no more."""
    return _note(holds=holds)


def recorded(view: View) -> View:
    """A GET that is an act of its own, such as taking data away: it writes to the record."""
    return _note(is_recorded=True)(view)


def raises(*errors: type[GatehouseError]) -> Callable[[View], View]:
    """Name the domain's refusals, for the OpenAPI document."""
    return _note(raises=errors)


def _note(**notes: Any) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.notes = {**getattr(view, "notes", {}), **notes}  # type: ignore[attr-defined]
        return view

    return decorate


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the decorators said of a view. ``ready`` names the answer that may be kept, and
    ``holds`` refuses to tell one again that is true no more.
    """

    view: Callable[..., Any]
    access: access.Access
    is_elevated: bool
    is_recorded: bool
    limit: tuple[str, str] | None
    returns: Returns
    streams: bool
    is_tagged: bool
    ready: str
    query: Schema | None
    body: Schema | None
    also: Also | None
    holds: Holds | None

    def again(self, ctx: Context, reply: Reply) -> Reply:
        """What was answered before, to whoever asks again for what is done once."""
        if self.holds is not None:
            self.holds(ctx, reply[1])
        return reply


def plan_of(view: Callable[..., Any]) -> Plan:
    notes = getattr(view, "notes", {})
    return Plan(
        view=view,
        access=access.access_of(view),
        is_elevated=getattr(view, "elevated", False),
        is_recorded=notes.get("is_recorded", False),
        limit=getattr(view, "limit", None),
        returns=notes["returns"],
        streams="streams" in notes,
        is_tagged=notes.get("is_tagged", False),
        ready=notes.get("ready", ""),
        query=notes.get("query"),
        body=notes.get("body"),
        also=notes.get("also"),
        holds=notes.get("holds"),
    )
