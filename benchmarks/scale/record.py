"""Pages of the record: each as deep as it goes, against the first of the same list."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import median
from urllib.parse import quote, urlencode

from benchmarks.load import put_load, request
from benchmarks.scale.filling import BOSS, OPERATOR, ORGANIZATION, Past, token
from benchmarks.scale.people import PATIENCE, SEED, Effort
from benchmarks.scale.town import Town

PER_PAGE = 50
DEEPEST_PAGE = 200  # pages are counted to 10,000 rows, cursors lead to the end
VIEWS = {
    "organization": (f"/api/v1/organizations/{ORGANIZATION}/audit-logs", BOSS),
    "operator": ("/api/v1/audit-logs", OPERATOR),
}
Question = Callable[[Past, Random], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the record. ``is_search``: no index leads to what it asks for."""

    name: str
    ask: Question
    is_search: bool = False


def _cursor(past: Past, share: float) -> str:
    """How a page ends of which so large a share of the record is older."""
    last = past.entry(int(share * past.size.entries))
    return urlsafe_b64encode(last.bytes).decode().rstrip("=")


def _at(share: float, **more: str) -> Question:
    """A page near there, a slightly different one each time."""

    def ask(past: Past, luck: Random) -> dict[str, str]:
        return {"cursor": _cursor(past, share + luck.random() / 100), **more}

    return ask


def _with(**values: str) -> Question:
    return lambda _past, _luck: values


def _of_somebody(name: str) -> Question:
    """What one person did, or what happened to one."""
    return lambda past, luck: {name: str(past.person(luck.randrange(past.size.people)))}


FIRST = Page("first page", _with())
PAGES = (
    Page("page 100", _with(page=str(DEEPEST_PAGE // 2))),
    Page("page 200", _with(page=str(DEEPEST_PAGE))),
    Page("by cursor, a tenth down", _at(0.89)),
    Page("by cursor, in the middle", _at(0.5)),
    Page("by cursor, near the end", _at(0.001)),
    Page("action=member., first", _with(action="member.")),
    Page("action=member., in the middle", _at(0.5, action="member.")),
    Page("action=principal.created, near the end", _at(0.001, action="principal.created")),
    Page("success=false, first", _with(success="false")),
    Page("success=false, in the middle", _at(0.5, success="false")),
    Page("user_id of somebody", _of_somebody("user_id")),
    Page("target_id of somebody", _of_somebody("target_id")),
    Page("resource_type=invite, in the middle", _at(0.5, resource_type="invite"), is_search=True),
    Page("resource_type without a match", _with(resource_type="nonsense"), is_search=True),
    Page("q, one in 256, in the middle", _at(0.5, q="100.77"), is_search=True),
    Page("q without a match", _with(q="nonsense"), is_search=True),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of a page in milliseconds, beside that of the first."""

    name: str
    first: float
    milliseconds: float
    is_search: bool

    @property
    def ratio(self) -> float:
        return self.milliseconds / self.first


def pages(town: Town, effort: Effort) -> list[Figure]:
    """All views, all pages, one request at a time, in turn."""
    figures = []
    with town.server(town.settings()) as server:
        for view, (path, reader) in VIEWS.items():
            luck = Random(SEED)  # noqa: S311 - a sample, no secret
            asked = [
                _request(path, reader, page.ask(town.past, luck))
                for _ in range(effort.pages + 1)
                for page in (FIRST, *PAGES)
            ]
            run = put_load(
                server.port,
                asked,
                seconds=PATIENCE,
                at_most=len(asked),
                connections=1,
                in_turn=True,
            )
            of_page = [
                median(run.latencies[place :: len(PAGES) + 1][1:]) * 1000
                for place in range(len(PAGES) + 1)
            ]
            figures += [
                Figure(f"{view}: {page.name}", of_page[0], took, page.is_search)
                for page, took in zip((FIRST, *PAGES), of_page, strict=True)
            ]
    return figures


def _request(path: str, reader: int, query: dict[str, str]) -> bytes:
    asked = {"per_page": str(PER_PAGE), **query}
    return request("GET", f"{path}?{urlencode(asked, quote_via=quote)}", token=token(reader))
