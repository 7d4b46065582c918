"""Running all checks, each within two seconds, whatever the others do."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from threading import Thread
from time import monotonic

from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.db import missing_file
from gatehouse.core.logging import blank
from gatehouse.core.runtime import Runtime
from gatehouse.ops import queries
from gatehouse.ops.service.doctor import inside, outside, sealed
from gatehouse.ops.service.doctor.finding import Finding, fail

PATIENCE = 2.0  # seconds for each check
Check = Callable[[], Iterator[Finding]]


def examine(
    runtime: Runtime, around: Callable[[], AbstractContextManager[object]]
) -> list[Finding]:
    """Run every check. ``around`` makes what a check needs about it in its own thread."""
    checks: dict[str, Check] = {
        "version": inside.version,
        "settings": partial(inside.settings, runtime),
        "keys": partial(inside.keys, runtime),
        "database": partial(inside.database, runtime),
        "schema": partial(inside.schema, runtime),
        "redis": partial(inside.redis, runtime),
        "mail": partial(inside.smtp, runtime),
        "public url": partial(outside.public_url, runtime),
        "certificate": partial(outside.certificate, runtime),
        "proxies": partial(outside.proxies, runtime),
        "sealed": partial(_looking, runtime, "sealed", sealed.sealed),
        "outbox": partial(_looking, runtime, "outbox", inside.outbox),
        "jobs": partial(_looking, runtime, "jobs", inside.jobs),
    }
    running = [_Run(name, check, around) for name, check in checks.items()]
    for run in running:
        run.start()
    deadline = monotonic() + PATIENCE
    return [finding for run in running for finding in run.findings(deadline)]


def _looking(
    runtime: Runtime, name: str, check: Callable[[Context], Iterator[Finding]]
) -> Iterator[Finding]:
    """A check that reads our tables, if they are there."""
    is_there = missing_file(runtime.settings.database_url) is None
    if not is_there or queries.database_state(runtime) != queries.OK:
        yield fail(name, "not known", "First see the lines about the database and its schema.")
        return
    with unit_of_work(runtime, Origin("doctor"), Actor("operator"), reads_only=True) as ctx:
        yield from check(ctx)


class _Run(Thread):
    """A check in a thread of its own, which nobody waits for any longer than that."""

    def __init__(
        self, name: str, check: Check, around: Callable[[], AbstractContextManager[object]]
    ) -> None:
        super().__init__(name=f"doctor {name}", daemon=True)
        self._what = name
        self._check = check
        self._around = around
        self._found: list[Finding] | None = None

    def run(self) -> None:
        try:
            with self._around():
                self._found = list(self._check())
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding
            why = blank(f"{type(error).__name__}: {error}".splitlines()[0])
            self._found = [
                fail(
                    self._what,
                    why,
                    "Look at the log of the service, and report it if it is a mistake of ours.",
                )
            ]

    def findings(self, deadline: float) -> list[Finding]:
        self.join(max(deadline - monotonic(), 0))
        if self._found is None:
            how = "Look what this check asks: it does not answer, or answers slowly."
            return [fail(self._what, f"no answer in {PATIENCE:.0f} s", how)]
        return self._found
