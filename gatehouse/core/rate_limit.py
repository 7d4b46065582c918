"""How often a caller may call. Fixed windows, counted exactly over all workers.

``@limited("login")`` counts addresses before anything else is done. Whoever is signed in is
counted by account under RATELIMIT_API. Plain functions: they need no Flask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from threading import Lock
from typing import Any, TypeVar

from gatehouse.core.errors import TooManyRequests
from gatehouse.core.store import EphemeralStore

View = TypeVar("View", bound=Callable[..., Any])

MOST_COUNTED = 4096  # windows that a process counts in
WIDE = 1000  # calls, from which on a limit keeps load away and not guesses
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``amount`` calls in each window of ``period`` seconds."""

    amount: int
    period: int

    def window(self, now: float) -> str:
        return f"{self.period}.{int(now // self.period)}"

    def seconds_left(self, now: float) -> int:
        return ceil(self.period - now % self.period)


Limit = tuple[str, tuple[Rule, ...]]  # what is counted, and how often it may be


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a caller stands in the tightest window. ``reset`` is in seconds."""

    limit: int
    remaining: int
    reset: int
    is_over: bool

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(self.reset)),
        ]

    def refuse_if_over(self) -> None:
        if self.is_over:
            raise TooManyRequests(retry_after=self.reset)


@lru_cache(maxsize=64)
def parse(text: str) -> tuple[Rule, ...]:
    """Read rules such as ``20/minute;100/hour``. Raises ValueError."""
    rules = []
    for part in text.split(";"):
        amount, _, period = part.strip().partition("/")
        if not amount.isdigit() or int(amount) < 1 or period.strip() not in PERIODS:
            raise ValueError(f"A limit is written like 20/minute;100/hour, not {text!r}.")
        rules.append(Rule(int(amount), PERIODS[period.strip()]))
    return tuple(rules)


def limit_problem(text: str) -> str:
    """What is wrong with rules that an operator wrote; nothing if they are right."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""


def is_wide(rules: tuple[Rule, ...]) -> bool:
    """Whether all of these are of thousands, which need not be told of each call."""
    return all(rule.amount >= WIDE for rule in rules)


def count(store: EphemeralStore, name: str, rules: tuple[Rule, ...], now: float) -> Tally:
    """Count one call against every rule."""
    counts = tuple(
        store.count(f"limit:{name}:{rule.window(now)}", rule.seconds_left(now) + 1)[0]
        for rule in rules
    )
    return tally(rules, counts, now)


def tally(rules: tuple[Rule, ...], counts: tuple[int, ...], now: float) -> Tally:
    """Judge counts that are known already, and tell the tightest window."""
    judged = [
        Tally(rule.amount, max(rule.amount - n, 0), rule.seconds_left(now), n > rule.amount)
        for rule, n in zip(rules, counts, strict=True)
    ]
    return min(judged, key=_looseness)


def _looseness(one: Tally) -> tuple[bool, int]:
    """Least where a window is exceeded, and the longest still is; then where the fewest calls are
    left.
    """
    return (False, -one.reset) if one.is_over else (True, one.remaining)


class ProcessCounter:
    """Counts in this process only: the general limit of an installation without Redis."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._windows: tuple[str, ...] = ()
        self._lock = Lock()

    def count(self, who: str, rules: tuple[Rule, ...], now: float) -> Tally:
        windows = tuple(rule.window(now) for rule in rules)
        with self._lock:
            if windows != self._windows:
                self._counts = {
                    key: n for key, n in self._counts.items() if key.split("|")[0] in windows
                }
                self._windows = windows
            counts = []
            for window in windows:
                key = f"{window}|{who}"
                self._counts[key] = self._counts.get(key, 0) + 1
                counts.append(self._counts[key])
        return tally(rules, tuple(counts), now)


class SharedCounter:
    """Counts over all workers that are told to the store a few at a time: a twentieth of the limit,
    or those of a tenth of a second, so that a limit of some dozens is exact, and one of thousands
    costs next to nothing.
    """

    FEW = 20
    PERIOD = 0.1  # seconds

    def __init__(self, store: EphemeralStore) -> None:
        self._store = store
        self._counts: dict[str, list[float]] = {}
        self._lock = Lock()

    def count(self, who: str, rules: tuple[Rule, ...], now: float) -> Tally:
        """Count one call against every rule."""
        return tally(rules, tuple([self._count(who, rule, now) for rule in rules]), now)

    def _count(self, who: str, rule: Rule, now: float) -> int:
        """How many there were in this window: as the store said last, and those of ours since."""
        name = f"limit:{who}:{rule.window(now)}"
        with self._lock:
            if len(self._counts) > MOST_COUNTED:
                self._counts.clear()
            found = self._counts.setdefault(name, [0, 0, 0.0])
            found[1] += 1
            untold = int(found[1])
            is_due = untold >= max(rule.amount // self.FEW, 1) or now - found[2] >= self.PERIOD
            if not is_due:
                return int(found[0]) + untold
            found[1], found[2] = 0, now
        total, _ = self._store.count(name, rule.seconds_left(now) + 1, untold)
        with self._lock:
            found[0] = max(found[0], total)
            return int(found[0] + found[1])


def limited(rules: str, *, per: str = "address") -> Callable[[View], View]:
    """Limit a route: by a RATELIMIT_ name (``login``) or by rules, per ``address`` or ``user``."""

    def decorate(view: View) -> View:
        view.limit = (rules, per)  # type: ignore[attr-defined]
        return view

    return decorate
