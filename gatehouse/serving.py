"""Serving with granian: its log in our form, and workers that only their parent stops."""

import logging
import os
import signal
from functools import partial
from multiprocessing import get_start_method
from threading import Thread, main_thread
from time import sleep
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels

from gatehouse.core.logging import Lines
from gatehouse.core.settings import ROOT, Settings
from gatehouse.registry import domains

TARGET = "wsgi:app"
PATIENCE = 10  # seconds that a worker has to finish the requests in flight
NUDGE = 0.1  # seconds between two
LOOK = 1  # seconds between two looks whether the parent is still there


def serve_with_granian(settings: Settings, address: str, *, workers: int) -> None:
    """Serve on ``address`` and PORT until SIGTERM or SIGINT.

    All is imported before there are workers: forked ones start in a fraction of the time, share
    that memory, and replacing them never mixes two versions of the code.
    """
    os.chdir(ROOT)
    domains()
    workers_obey(os.getpid())
    server = Granian(
        TARGET,
        address=address,
        port=settings.port,
        interface=Interfaces.WSGI,
        websockets=False,
        http1_settings=HTTP1Settings(),  # As granian's own command does; it limits slow headers.
        http2_settings=HTTP2Settings(),
        workers=workers,
        blocking_threads=settings.server_threads,
        workers_kill_timeout=PATIENCE,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        log_dictconfig=log_of_the_server(settings),
    )
    server.serve(target_loader=load_in_a_worker)


def workers_obey(parent: int) -> None:
    """Let every process that ``parent`` forks from now on end when it is told to.

    SIGTERM waits while a worker is made: one that came before the worker had its own way of
    ending met the parent's handler and was lost, and the worker was killed after 10 s.
    """
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, {signal.SIGTERM}),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, {signal.SIGTERM}),
        after_in_child=partial(obey_the_parent, parent),
    )


def load_in_a_worker(target: str) -> Any:
    """The application. Where workers are spawned, not forked, they begin to obey here."""
    if get_start_method() != "fork":
        obey_the_parent(os.getppid())
    module, _, name = target.partition(":")
    return getattr(__import__(module), name)


def obey_the_parent(parent: int) -> None:
    """Let SIGTERM alone end this worker, at once as long as it still starts, and its parent's end.

    Ctrl-C reaches every process of a terminal's group, and the parent then sends SIGTERM: a
    worker that heard both often went on until it was killed, 10 s later. One that still started
    had the parent's handlers, under which SIGTERM did nothing.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    wake_the_main_thread()
    Thread(target=end_with, args=(parent,), name="gatehouse-parent", daemon=True).start()


def wake_the_main_thread() -> None:
    """Let SIGTERM be heard by a main thread that waits, whichever thread the system gave it to.

    Python hears of a signal between two instructions of its main thread. One that came just before
    that thread began to wait, or that another thread was interrupted for, was heard when the wait
    was over: a worker that waits for nothing else was killed after 10 s.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    signal.signal(signal.SIGURG, lambda *_: None)
    Thread(target=_nudge, args=(heard,), name="gatehouse-nudge", daemon=True).start()


def _nudge(heard: int) -> None:
    """Interrupt the main thread's wait, some times: once may again be a moment too early."""
    main = main_thread().ident
    while signal.SIGTERM not in os.read(heard, 64):
        continue
    while main is not None:
        signal.pthread_kill(main, signal.SIGURG)
        sleep(NUDGE)


def end_with(parent: int) -> None:
    """Wait until the parent is gone, and do to this process what it would have done.

    A parent that is killed stops nobody: its workers would serve on, of the old version, and hold
    the port against its successor. Asking is cheap, and unlike PR_SET_PDEATHSIG, which goes by
    the thread that forked, it is the same on every system.
    """
    while os.getppid() == parent:
        sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)


def log_of_the_server(settings: Settings) -> dict[str, Any]:
    """A ``logging.dictConfig`` that gives granian's lines the form of ours."""
    return {
        "formatters": {"ours": {"()": Lines, "as_json": settings.log_format == "json"}},
        "filters": {"advice": {"()": WithoutAdvice}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "ours",
                "filters": ["advice"],
            }
        },
        "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
    }


class WithoutAdvice(logging.Filter):
    """Drops granian's advice on the number of threads, which it repeats at every start.

    Most of them wait for the database, so there may be more of them than cores ask for.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Configuration allows spawning up to")
