"""A thousand mails, from the outbox to a mail server, by one worker."""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import psycopg

from benchmarks.scale.filling import address
from benchmarks.scale.people import Effort
from benchmarks.scale.town import Town
from benchmarks.web import ROOT
from gatehouse.accounts.events import LinkPurpose
from gatehouse.accounts.service import ask_for_link
from gatehouse.app import create_app
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.settings import read_settings
from tests.serving import Worker

WAITING = "SELECT count(*) FROM outbox_messages WHERE settled_at IS NULL"
TAKEN = "SELECT count(*) FROM outbox_messages WHERE attempts > 0"
PATIENCE = 120.0
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Delivery:
    """How long the mails took, and the most places that one came before or after its turn."""

    mails: int
    seconds: float
    out_of_turn: int
    connections: int


def deliver(town: Town, effort: Effort) -> Delivery:
    """Raises TimeoutError."""
    asked = [address(person) for person in range(effort.mails)]
    with ExitStack() as stack:
        sink = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scale.sink"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(sink.kill)
        port = sink.stdout.readline().strip() if sink.stdout else ""
        settings = town.settings() | {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": port,
            "SMTP_USE_TLS": "false",
            "SMTP_FROM": "gatehouse@scale.test",
        }
        _ask(settings, asked)
        seconds = _run_worker(town, settings)
        connections, *came = sink.communicate("")[0].split()
    if sorted(came) != sorted(asked):
        raise ValueError(f"{len(asked)} mails were asked for, {len(came)} came.")
    places = {recipient: place for place, recipient in enumerate(asked)}
    out_of_turn = max(abs(places[recipient] - place) for place, recipient in enumerate(came))
    return Delivery(len(came), seconds, out_of_turn, int(connections))


def _ask(settings: dict[str, str], addresses: list[str]) -> None:
    """Let everybody ask for a new password, in this order."""
    runtime = create_app(read_settings(settings)).extensions["gatehouse"]
    try:
        for one in addresses:
            with unit_of_work(runtime, Origin("scale", "192.0.2.1")) as ctx:
                ask_for_link(ctx, email=one, purpose=LinkPurpose.RESET)
    finally:
        runtime.engine.dispose()


def _run_worker(town: Town, settings: dict[str, str]) -> float:
    """From the moment that the worker takes the first messages to that when none is left."""
    with (
        psycopg.connect(town.dsn, autocommit=True) as db,
        town.cores.of_the_server(),
        Worker(town.folder / "worker", settings),
    ):
        began = _wait(db, TAKEN, is_there=True)
        return _wait(db, WAITING, is_there=False) - began


def _wait(db: psycopg.Connection[Any], count: str, *, is_there: bool) -> float:
    """Wait until there are some, or none. Returns when that was. Raises TimeoutError."""
    ends = monotonic() + PATIENCE
    while monotonic() < ends:
        row = db.execute(count.encode()).fetchone()
        if row is not None and (row[0] > 0) is is_there:
            return monotonic()
        sleep(PAUSE)
    raise TimeoutError("The worker did not deliver in time.")
