"""How each thing is measured: in pairs that alternate, so that a noisy machine hits both alike."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from time import perf_counter

from benchmarks.load import Run, put_load, request
from benchmarks.stage import Stage, credentials, sign_in
from benchmarks.web import ROOT, THREADS, WebServer

LIVE = "/api/health/live"
ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"
SETTLED = 200  # answers after which a worker has everything in memory that it uses
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long we measure. A run is ``seconds`` long, or ``hashes`` sign-ins."""

    pairs: int
    seconds: float
    warm_up: float
    starts: int
    hashes: int


FULL = Effort(pairs=7, seconds=2.0, warm_up=1.0, starts=5, hashes=16)
QUICK = Effort(pairs=1, seconds=0.3, warm_up=0.1, starts=1, hashes=4)


@dataclass(slots=True)
class Side:
    """One of the two of a pair: its runs, and the processor time that they took the server."""

    name: str
    runs: list[Run] = field(default_factory=list)
    cpu_seconds: float = 0.0

    @property
    def is_server(self) -> bool:
        """Whether this was a server under load, so that there is more to tell than a rate."""
        return self.cpu_seconds > 0

    @property
    def rate(self) -> float:
        """The median of its runs, in answers a second."""
        return median(run.rate for run in self.runs)

    @property
    def microseconds(self) -> float:
        """Processor time of the server for one answer."""
        return self.cpu_seconds * MICROSECONDS / sum(len(run.latencies) for run in self.runs)

    @property
    def busy(self) -> float:
        """The share of its core that the load generator used, at most."""
        return max(run.busy for run in self.runs)

    def percentile(self, percent: int) -> float:
        """In milliseconds, over all runs."""
        found = sorted(chain.from_iterable(run.latencies for run in self.runs))
        return found[min(len(found) * percent // 100, len(found) - 1)] * 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure for each pair, start or worker, and what they were made of."""

    values: list[float]
    ours: Side | None = None
    peer: Side | None = None


Measure = Callable[[Stage, Effort], Measured]
Contender = tuple[Side, WebServer, list[bytes]]  # with the requests that it is sent in turn


def throughput(
    path: str, backend: str, *, program: str = "granian", is_signed_in: bool = False
) -> Measure:
    """Measure GET ``path`` of Gatehouse against the bare Flask view on the same server."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        with ExitStack() as stack:
            ours = stack.enter_context(stage.gatehouse(backend, program))
            bare = stack.enter_context(stage.bare(program))
            token = sign_in(ours) if is_signed_in else ""
            return alternate(
                effort,
                (Side("bare Flask"), bare, [request("GET", "/")]),
                (Side("Gatehouse"), ours, [request("GET", path, token=token)]),
            )

    return measure


def generator(stage: Stage, effort: Effort) -> Measured:
    """Measure a bare WSGI callable, to show that the load generator is not what limits us."""
    ask = [request("GET", "/")]
    with stage.bare() as bare, stage.raw() as raw:
        return alternate(effort, (Side("bare Flask"), bare, ask), (Side("bare WSGI"), raw, ask))


def login(stage: Stage, effort: Effort) -> Measured:
    """Measure signing in against bcrypt alone on the same core, in as many threads."""
    ours, peer = Side("Gatehouse"), Side("bcrypt")
    bodies = [request("POST", LOGIN, body) for body in credentials()]
    threads = int(THREADS)
    with stage.gatehouse("redis") as server:
        put_load(server.port, bodies, seconds=effort.warm_up, connections=threads)
        for _ in range(effort.pairs):
            peer.runs.append(_hash(stage, effort.hashes))
            before = server.cpu_seconds()
            ours.runs.append(
                put_load(
                    server.port,
                    bodies,
                    seconds=effort.hashes,
                    at_most=effort.hashes,
                    connections=threads,
                )
            )
            ours.cpu_seconds += server.cpu_seconds() - before
    return Measured(_ratios(ours, peer), ours, peer)


def start_up(backend: str, program: str = "granian") -> Measure:
    """Measure the seconds from the start of the process to the first answer, files in memory."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        server = stage.gatehouse(backend, program)
        return Measured([_start(server) for _ in range(effort.starts + 1)][1:])

    return measure


def memory(backend: str) -> Measure:
    """Measure the megabytes of a worker that has served a little and rests."""

    def measure(stage: Stage, effort: Effort) -> Measured:
        del effort
        with stage.gatehouse(backend) as server:
            ask = [request("GET", ME, token=sign_in(server)), request("GET", LIVE)]
            put_load(server.port, ask, seconds=5, at_most=SETTLED)
            return Measured([server.worker_megabytes()])

    return measure


def alternate(effort: Effort, peer: Contender, ours: Contender) -> Measured:
    """Load the one, then the other, again and again."""
    for _, server, ask in (peer, ours):
        put_load(server.port, ask, seconds=effort.warm_up, in_turn=True)
    for _ in range(effort.pairs):
        for side, server, ask in (peer, ours):
            before = server.cpu_seconds()
            run = put_load(server.port, ask, seconds=effort.seconds, in_turn=True)
            side.runs.append(run)
            side.cpu_seconds += server.cpu_seconds() - before
    return Measured(_ratios(ours[0], peer[0]), ours[0], peer[0])


def _ratios(ours: Side, peer: Side) -> list[float]:
    return [one.rate / other.rate for one, other in zip(ours.runs, peer.runs, strict=True)]


def _hash(stage: Stage, count: int) -> Run:
    command: Sequence[str] = (sys.executable, "-m", "benchmarks.hashing", str(count), THREADS)
    with stage.cores.of_the_server():
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    seconds = float(done.stdout)
    return Run(seconds, 0.0, [0.0] * count)


def _start(server: WebServer) -> float:
    began = perf_counter()
    server.start()
    took = perf_counter() - began
    server.stop()
    return took
