"""Signing in and ``me``, among a thousand and among a million, in pairs that alternate."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from statistics import median

from benchmarks.load import put_load, request
from benchmarks.measures import LOGIN, ME
from benchmarks.scale import families
from benchmarks.scale.filling import PASSWORD, address, token
from benchmarks.scale.town import Region, Town
from benchmarks.web import WebServer

PATIENCE = 120.0
SEED = 20_260_101
OFTEN = 5  # times as many requests where each takes less than a millisecond


@dataclass(frozen=True, slots=True)
class Effort:
    """How many pairs, and how many requests each side gets in one."""

    pairs: int
    requests: int
    sign_ins: int
    pages: int
    mails: int


FULL = Effort(pairs=35, requests=20, sign_ins=2, pages=20, mails=1000)
QUICK = Effort(pairs=1, requests=10, sign_ins=2, pages=2, mails=20)
Requests = Iterator[bytes]


@dataclass(slots=True)
class Pair:
    """What each request took in milliseconds, and the ratio that counts: that of the medians.

    The pairs are many and short, so that what else the machine does hits both alike.
    """

    less: list[float] = field(default_factory=list)
    more: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(self.more) / median(self.less)


def signing_in(region: Region, effort: Effort, *, cheap: bool = False) -> Pair:
    """One at a time. ``cheap``: nearly all of the time is ours and not the password hash's."""

    def ask(town: Town) -> Requests:
        parity = 1 if cheap else 0  # Odd people have the cheap hash.
        for person in _everybody(town):
            if person % 2 == parity:
                who = {"email": address(person), "password": PASSWORD}
                yield request("POST", LOGIN, json.dumps(who).encode())

    count = effort.requests if cheap else effort.sign_ins
    return _alternate(region, effort, lambda town: town.settings(cheap=cheap), ask, count)


def me_from_the_row(region: Region, effort: Effort) -> Pair:
    """Without Redis: each request is somebody else's, of all that there are."""
    return _alternate(
        region, effort, lambda town: town.settings(redis=False), _strangers, effort.requests
    )


def me_for_the_first_time(region: Region, effort: Effort) -> Pair:
    """With Redis, which knows none of them: it is asked, then the row, and Redis is told."""
    return _alternate(region, effort, lambda town: town.settings(), _strangers, effort.requests)


def me_from_redis(region: Region, effort: Effort) -> Pair:
    """With Redis, which knows them all: a few, drawn out of all, again and again."""

    def ask(town: Town) -> Requests:
        known = list(islice(_strangers(town), effort.requests))
        while True:
            yield from known

    often = OFTEN * effort.requests
    return _alternate(region, effort, lambda town: town.settings(), ask, often)


def refreshing(region: Region, effort: Effort) -> Pair:
    """Each is somebody else's token, and turns its family."""

    def ask(town: Town) -> Requests:
        for person in _everybody(town):
            yield families.asked(town.settings()["SECRET_KEY"], person)

    return _alternate(region, effort, lambda town: town.settings(), ask, effort.requests)


def _strangers(town: Town) -> Requests:
    for person in _everybody(town):
        yield request("GET", ME, token=token(person))


def _everybody(town: Town) -> Iterator[int]:
    """All people in random order, none twice before all had their turn."""
    luck = Random(SEED)  # noqa: S311 - a sample, no secret
    people = town.size.people
    while True:
        yield from luck.sample(range(people), min(people, 100_000))


def _alternate(
    region: Region,
    effort: Effort,
    settings: Callable[[Town], dict[str, str]],
    ask: Callable[[Town], Requests],
    count: int,
) -> Pair:
    """One request at a time: what one caller waits for, and no queue."""
    found = Pair()
    with ExitStack() as stack:
        sides = []
        for town, times in ((region.small, found.less), (region.large, found.more)):
            server = stack.enter_context(town.server(settings(town)))
            sides.append((server, ask(town), times))
        for server, requests, _ in sides:
            _latencies(server, requests, count)
        for turn in range(effort.pairs):
            for server, requests, times in sides[:: -1 if turn % 2 else 1]:
                times.extend(_latencies(server, requests, count))
    return found


def _latencies(server: WebServer, requests: Requests, count: int) -> list[float]:
    """In milliseconds."""
    chosen = list(islice(requests, count))
    run = put_load(
        server.port, chosen, seconds=PATIENCE, at_most=count, connections=1, in_turn=True
    )
    return [seconds * 1000 for seconds in run.latencies]
