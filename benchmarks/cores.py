"""One core for the server that is measured, the others for the load and the databases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Cores:
    """A process stays on the cores of the block that it is started in.

    Where the platform cannot do that (macOS), or there is only one core, the blocks do nothing.
    """

    def __init__(self) -> None:
        usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
        self.are_apart = len(usable) > 1
        self._server = usable[-1:]
        self._others = usable[:-1]

    @contextmanager
    def of_the_server(self) -> Iterator[None]:
        with self._stay_on(self._server):
            yield

    @contextmanager
    def of_the_others(self) -> Iterator[None]:
        with self._stay_on(self._others):
            yield

    @contextmanager
    def _stay_on(self, cores: list[int]) -> Iterator[None]:
        if not self.are_apart:
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
