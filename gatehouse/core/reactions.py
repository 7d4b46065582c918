"""What else happens: within the act (@during), soon after it (@on), or every so often (@every)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from gatehouse.core.events import Event

# Who sends mail has one receiver; who calls others has as many as there are others.
MAILS, CALLS = "mails", "calls"

Function = TypeVar("Function", bound=Callable[..., Any])
Reaction = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A function of the context that does one batch and returns how many things it did, or took.

    It is run again, each time in a new unit of work, until it returns 0. ``alone``: two runners
    never do it at the same time. ``waits``: for others, so it has a thread of its own. A run
    ends after ``longest``, and leaves the rest to the next.
    """

    name: str
    period: timedelta
    run: Callable[..., int]
    alone: bool = True
    waits: bool = False
    longest: timedelta = timedelta.max

    @property
    def about(self) -> str:
        """What it does, for people: the first sentence. The rest is for whoever reads the code."""
        line = (self.run.__doc__ or "").strip().split("\n")[0]
        return line.partition(". ")[0].removesuffix(".") + "."


class Taken(int):
    """How many things a batch took; ``left`` of them failed or were put off."""

    left: int

    def __new__(cls, count: int, *, left: int = 0) -> Self:
        self = super().__new__(cls, count)
        self.left = left
        return self

    @property
    def in_words(self) -> str:
        told = f", {self.left} failed or put off" if self.left else ""
        return f"{self - self.left} done{told}"


@dataclass(frozen=True, slots=True)
class Received:
    """The message that brings an event: the same id at every try, so that what is done twice can
    be known as the same.
    """

    id: UUID
    happened_at: datetime
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Handler:
    """A function of context, event and message. It may be run twice, and must do no harm then.

    What it returns is done after its transaction: functions of the ports, such as sending a mail.
    Handlers of one ``lane`` wait for each other's slow receivers, and for nobody else's.
    """

    name: str
    event: type[Event]
    run: Callable[..., Iterable[Callable[[Any], None]] | None]
    lane: str = MAILS


class Postponed(Exception):
    """Not now: the message comes up again after ``wait``, and the try does not count."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(str(wait))
        self.wait = wait


class GivenUp(Exception):
    """No later try can succeed."""


def during(*events: type[Event]) -> Callable[[Function], Function]:
    """React to any of ``events`` inside the transaction that records it: ``reaction(ctx, event)``.

    Rows only, no I/O, no record of its own. What it returns joins the event's details; what it
    raises refuses the whole act.
    """

    def mark(reaction: Function) -> Function:
        reaction.reacts_to = events  # type: ignore[attr-defined]
        return reaction

    return mark


def on(event: type[Event], *, lane: str = MAILS) -> Callable[[Function], Function]:
    """Handle ``event`` in the worker, after it was committed: ``handler(ctx, event, message)``."""

    def mark(handler: Function) -> Function:
        handler.handles = event  # type: ignore[attr-defined]
        handler.lane = lane  # type: ignore[attr-defined]
        return handler

    return mark


def every(
    period: timedelta,
    *,
    alone: bool = True,
    waits: bool = False,
    longest: timedelta = timedelta.max,
) -> Callable[[Function], Function]:
    """Run ``job(ctx)`` once in each ``period``; it must be harmless to run it twice."""

    def mark(job: Function) -> Function:
        job.job = Job(job.__name__, period, job, alone, waits, longest)  # type: ignore[attr-defined]
        return job

    return mark


def by_event(reactions: Iterable[Reaction]) -> dict[type[Event], list[Reaction]]:
    """Reactions by what they react to, in the order in which the domains are registered."""
    found: dict[type[Event], list[Reaction]] = {}
    for reaction in reactions:
        for event in reaction.reacts_to:  # type: ignore[attr-defined]
            found.setdefault(event, []).append(reaction)
    return found


def by_name(jobs: Iterable[Callable[..., int]]) -> dict[str, Job]:
    return {job.name: job for job in (each.job for each in jobs)}  # type: ignore[attr-defined]


def by_handler(functions: Iterable[Callable[..., Any]]) -> dict[str, Handler]:
    """Handlers by the name that messages know them by: ``domain.function``."""
    handlers = (
        Handler(
            f"{run.__module__.split('.')[1]}.{run.__name__}",
            run.handles,  # type: ignore[attr-defined]
            run,
            run.lane,  # type: ignore[attr-defined]
        )
        for run in functions
    )
    return {handler.name: handler for handler in handlers}


def of_event(handlers: Iterable[Handler]) -> dict[type[Event], list[Handler]]:
    found: dict[type[Event], list[Handler]] = {}
    for handler in handlers:
        found.setdefault(handler.event, []).append(handler)
    return found
