"""What machines fetch again and again, and what ``ssh`` runs before each login."""

import os
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from benchmarks.certificates import people_of
from benchmarks.load import LoadError, answer_to, request
from benchmarks.measures import Effort, Measured, Side, alternate
from benchmarks.stage import Stage
from gatehouse.core.openssh.keys import read_public_key
from gatehouse.core.openssh.krl import Revoked, write_krl
from tests.cli.authority import Authority, ready
from tests.cli.programs import COMMAND, SOURCE

KRL = "/api/v1/ssh/orgs/{}/krl"
TAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)
MANY = 100_000
MILLISECONDS = 1000
QUICK = "from gatehouse_cli.ssh_config import QUICK; print(QUICK.replace('%%', '%'))"


def unchanged(stage: Stage, effort: Effort) -> Measured:
    """Measure the answer to a machine that has the newest revocation list, to the bare view."""
    org_id, _ = people_of(stage.prepare("redis"))
    path = KRL.format(org_id)
    with ExitStack() as stack:
        ours, bare = (stack.enter_context(one) for one in (stage.gatehouse("redis"), stage.bare()))
        tag = TAG.search(answer_to(ours.port, request("GET", path)))
        if tag is None:
            raise LoadError("The list has no tag.")
        ask = request("GET", path, tag=tag[1].decode())
        if b" 304 " not in answer_to(ours.port, ask)[:20]:
            raise LoadError("A list that is there already is sent again.")
        return alternate(
            effort,
            (Side("bare Flask"), bare, [request("GET", "/")]),
            (Side("Gatehouse"), ours, [ask]),
        )


def revocation_list(stage: Stage, effort: Effort) -> Measured:
    """Measure how long it takes to write a list of 100,000 serials."""
    signer = read_public_key(Authority.made(stage.place("krl")).key.public).blob
    serials = frozenset(random.Random(1).sample(range(1, 2**40), MANY))  # noqa: S311 - no secret
    with stage.cores.of_the_server():
        return _each(effort, lambda: write_krl(1, 1, "bench", Revoked(serials={signer: serials})))


def ensured(stage: Stage, effort: Effort) -> Measured:
    """Measure ``gatehouse ssh ensure`` with a certificate that is good, as a whole process."""
    home = _environment(stage.place("ensured"))
    with stage.cores.of_the_server():
        return _each(effort, lambda: _run(home, *COMMAND, "ssh", "ensure", "--quiet"))


def not_asked(stage: Stage, effort: Effort) -> Measured:
    """Measure what stands in the configuration of ssh, which need not run us at all."""
    home = _environment(stage.place("not-asked"))
    _run(home, *COMMAND, "ssh", "ensure")  # It notes until when the certificate is good.
    quick = shlex.split(_run(home, sys.executable, "-c", QUICK))
    files = [f"{home['HOME']}/.ssh/gatehouse/acme{end}" for end in (".times", "-cert.pub")]
    with stage.cores.of_the_server():
        return _each(effort, lambda: _run(home, *quick, *files, "false"))


def _environment(place: Path) -> dict[str, str]:
    """That of somebody in whose home an organization is set up, with a certificate."""
    ready(place, Authority.made(place / "authority"), "http://127.0.0.1:9")
    return {"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONPATH": str(SOURCE)}


def _run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
    return done.stdout.decode()


def _each(effort: Effort, act: Callable[[], object]) -> Measured:
    """Milliseconds of each of some times, but the first."""
    taken = []
    for _ in range(effort.hashes + 1):
        began = perf_counter()
        act()
        taken.append((perf_counter() - began) * MILLISECONDS)
    return Measured(taken[1:])
