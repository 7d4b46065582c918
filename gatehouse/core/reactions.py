"""What else happens: within the act (@during), or every so often (@every)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from gatehouse.core.events import Event

Function = TypeVar("Function", bound=Callable[..., Any])
Reaction = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A function of the context that returns how many things it did."""

    name: str
    period: timedelta
    run: Callable[..., int]


def during(event: type[Event]) -> Callable[[Function], Function]:
    """React to ``event`` inside the transaction that records it: ``reaction(ctx, event)``.

    Rows only, no I/O, no record of its own. What it returns joins the event's details; what it
    raises refuses the whole act.
    """

    def mark(reaction: Function) -> Function:
        reaction.reacts_to = event  # type: ignore[attr-defined]
        return reaction

    return mark


def every(period: timedelta) -> Callable[[Function], Function]:
    """Run ``job(ctx)`` once in each ``period``; it must be harmless to run it twice."""

    def mark(job: Function) -> Function:
        job.period = period  # type: ignore[attr-defined]
        return job

    return mark


def by_event(reactions: Iterable[Reaction]) -> dict[type[Event], list[Reaction]]:
    """Reactions by what they react to, in the order in which the domains are registered."""
    found: dict[type[Event], list[Reaction]] = {}
    for reaction in reactions:
        found.setdefault(reaction.reacts_to, []).append(reaction)  # type: ignore[attr-defined]
    return found


def by_name(jobs: Iterable[Callable[..., int]]) -> dict[str, Job]:
    named = [Job(job.__name__, job.period, job) for job in jobs]  # type: ignore[attr-defined]
    return {job.name: job for job in named}
