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
    """A page of the record. A deep one is compared with ``first``, the first of the same list."""

    name: str
    ask: Question
    first: str = ""


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


MEMBERS = {"action": "member."}
PRINCIPALS = {"action": "principal.created"}
REFUSED = {"success": "false"}
INVITES = {"resource_type": "invite"}
RARE = {"q": "100.77"}  # one entry in 256
PAGES = (
    Page("first page", _with()),
    Page("page 100", _with(page=str(DEEPEST_PAGE // 2)), "first page"),
    Page("page 200", _with(page=str(DEEPEST_PAGE)), "first page"),
    Page("a tenth down", _at(0.89), "first page"),
    Page("in the middle", _at(0.5), "first page"),
    Page("near the end", _at(0.001), "first page"),
    Page("action=member.", _with(**MEMBERS)),
    Page("action=member., in the middle", _at(0.5, **MEMBERS), "action=member."),
    Page("action=principal.created", _with(**PRINCIPALS)),
    Page("the same, near the end", _at(0.001, **PRINCIPALS), "action=principal.created"),
    Page("success=false", _with(**REFUSED)),
    Page("success=false, in the middle", _at(0.5, **REFUSED), "success=false"),
    Page("resource_type=invite", _with(**INVITES)),
    Page("the same, in the middle", _at(0.5, **INVITES), "resource_type=invite"),
    Page("q, one in 256", _with(**RARE)),
    Page("q, one in 256, in the middle", _at(0.5, **RARE), "q, one in 256"),
    Page("user_id of somebody", _of_somebody("user_id")),
    Page("target_id of somebody", _of_somebody("target_id")),
    Page("resource_type without a match", _with(resource_type="nonsense")),
    Page("q without a match", _with(q="nonsense")),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """The milliseconds of a page, and of the page that it is compared with."""

    name: str
    times: list[float]
    first: list[float]

    @property
    def ratio(self) -> float:
        return median(self.times) / median(self.first)

    @property
    def p95(self) -> float:
        return sorted(self.times)[len(self.times) * 95 // 100]


def pages(town: Town, effort: Effort) -> list[Figure]:
    """All views, all pages, one request at a time, in turn."""
    figures = []
    with town.server(town.settings()) as server:
        for view, (path, reader) in VIEWS.items():
            luck = Random(SEED)  # noqa: S311 - a sample, no secret
            asked = [
                _request(path, reader, page.ask(town.past, luck))
                for _ in range(effort.pages + 1)
                for page in PAGES
            ]
            run = put_load(
                server.port,
                asked,
                seconds=PATIENCE,
                at_most=len(asked),
                connections=1,
                in_turn=True,
            )
            figures += _figures(view, [seconds * 1000 for seconds in run.latencies])
    return figures


def _figures(view: str, latencies: list[float]) -> list[Figure]:
    """The first round is not counted: then everything is in memory that will be."""
    times = {page.name: latencies[place :: len(PAGES)][1:] for place, page in enumerate(PAGES)}
    return [
        Figure(f"{view}: {page.name}", times[page.name], times[page.first] if page.first else [])
        for page in PAGES
    ]


def _request(path: str, reader: int, query: dict[str, str]) -> bytes:
    asked = {"per_page": str(PER_PAGE), **query}
    return request("GET", f"{path}?{urlencode(asked, quote_via=quote)}", token=token(reader))
