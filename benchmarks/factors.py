"""What a second factor adds to a sign-in: another request, and what the first one does for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median
from time import perf_counter, time
from typing import Any

from pyotp import TOTP, random_base32

from benchmarks.load import HOST, LoadError
from benchmarks.measures import LOGIN, Effort, Measured
from benchmarks.stage import PROBE, Stage
from benchmarks.web import WebServer
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.service import create_account
from gatehouse.app import create_app
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.settings import read_settings
from gatehouse.mfa.models import Totp
from gatehouse.mfa.service.proving import purpose_of

VERIFY = "/api/v1/auth/totp/verify"
PASSWORD = "seven green bottles"  # noqa: S105 - of nobody
# The hash of a password lasts a hundred times as long as what is measured, and is not part of it.
CHEAP = {"FLASK_ENV": "development", "BCRYPT_LOG_ROUNDS": "4", "RUN_JOBS_WHILE_SERVING": "false"}
PAIRS = 20  # people with an app, and as many without, for each figure


def code_of_app(stage: Stage, effort: Effort) -> Measured:
    """Measure the milliseconds by which a sign-in with a code is longer than one without."""
    settings = stage.prepare("redis") | CHEAP
    owners = _people(settings, effort.pairs + 1)
    place = stage.place("gatehouse-factors")
    server = WebServer(place, stage.cores, "wsgi:app", settings=settings, probe=PROBE)
    with server, _caller(server.port) as ask:
        figures = [_difference(ask, some) for some in owners]
    return Measured(figures[1:])  # After the first all is in memory that is used.


def _difference(ask: Any, people: list[tuple[str, str, TOTP]]) -> float:
    plain, both = [], []
    for without, owner, app in people:
        began = perf_counter()
        ask(LOGIN, email=without, password=PASSWORD)
        between = perf_counter()
        waits = ask(LOGIN, email=owner, password=PASSWORD)
        code = app.at(time())
        ask(VERIFY, mfa_token=waits["mfa_token"], code=code)
        plain.append(between - began)
        both.append(perf_counter() - between)
    return (median(both) - median(plain)) * 1000


@contextmanager
def _caller(port: int) -> Iterator[Any]:
    """One connection that is kept, as browsers keep theirs."""
    connection = HTTPConnection(HOST, port, timeout=10)

    def ask(path: str, **body: str) -> Any:
        connection.request(
            "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise LoadError(f"The server answered: {content[:1000].decode(errors='replace')}")
        return json.loads(content)["data"]

    try:
        yield ask
    finally:
        connection.close()


def _people(settings: dict[str, str], groups: int) -> list[list[tuple[str, str, TOTP]]]:
    """Groups of pairs: somebody without an app, somebody with one."""
    runtime = create_app(read_settings(settings)).extensions["gatehouse"]
    hashed = runtime.ports[PasswordHasher].hash(PASSWORD)
    found = []
    with unit_of_work(runtime, Origin("bench")) as ctx:
        for number in range(groups * PAIRS):
            names = [f"{kind}-{number}@bench.test" for kind in ("plain", "app")]
            users = [
                create_account(ctx, email=name, password_hash=hashed, full_name=None)
                for name in names
            ]
            secret = random_base32()
            sealed = runtime.keyring.seal(secret.encode(), purpose_of(users[1].id))
            ctx.db.add(Totp(user_id=users[1].id, secret_sealed=sealed, confirmed_at=ctx.now))
            found.append((names[0], names[1], TOTP(secret)))
    runtime.engine.dispose()
    return [found[at : at + PAIRS] for at in range(0, len(found), PAIRS)]
