"""How this machine stands. Asks no server."""

import re
import time
from collections.abc import Mapping
from typing import Any

from gatehouse_cli.certificates import Certificate
from gatehouse_cli.durations import Duration, in_words, iso
from gatehouse_cli.failures import Failure
from gatehouse_cli.hosts import certifying, files, openness, sshd
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.state import ANEW, State
from gatehouse_cli.hosts.syncing import STALE

PERCENT = re.compile(r"(\d{1,2})%")
DAY = 86_400


def is_due(state: State, within: str) -> bool:
    """Whether a certificate is missing, over, or has less left than that: ``33%``, ``24h``.

    Raises click's UsageError for what is no such time, and Failure where no key is left that was
    enrolled.
    """
    share = PERCENT.fullmatch(within)
    seconds = 0 if share else Duration().convert(within, None, None)
    now, lives = time.time(), certifying.lives(state).values()
    if not lives:
        raise Failure(certifying.OTHER_KEYS)
    for found in lives:
        if found is None:
            return True
        least = _life(found) * int(share[1]) / 100 if share else seconds
        if found.valid_before - now < least or found.state(now) != "valid":
            return True
    return False


def described(machine: Machine, state: State) -> dict[str, Any]:
    """All that is known, for programs. ``problems`` is empty if all is well."""
    now = time.time()
    certificates = [
        _certificate(str(path), found, now) for path, found in certifying.lives(state).items()
    ]
    return {
        "server": state.server,
        "organization": state.organization,
        "host_id": state.host_id,
        "names": state.names,
        "certificates": certificates,
        "krl_version": state.krl_version,
        "krl_generated_at": iso(state.krl_generated),
        "bundle": state.bundle,
        "accounts": sorted(files.accounts_in(machine, state)),
        "fresh_at": iso(int(state.fresh_at)) if state.fresh_at else None,
        "problems": _problems(machine, state, certificates, now),
    }


def _certificate(path: str, found: Certificate | None, now: float) -> dict[str, Any]:
    if found is None:
        return {"file": path, "state": "missing", "valid_before": None, "days_left": 0}
    return {
        "file": path,
        "state": found.state(now),
        "serial": found.serial,
        "valid_before": iso(found.valid_before),
        "days_left": max(0, int(found.valid_before - now) // DAY),
    }


def _problems(
    machine: Machine, state: State, certificates: list[dict[str, Any]], now: float
) -> list[str]:
    bad = [f"{one['file']}: {one['state']}" for one in certificates if one["state"] != "valid"]
    if not certificates:
        bad.append(certifying.OTHER_KEYS)
    sync = machine.command("sync")
    revoked = certifying.revoked_here(state)
    bad += [certifying.NO_MORE.format(key=key.path) for key in revoked]
    if not state.complete:
        bad.append(f"It is not set up yet: {sync}")
    elif not files.are_as_kept(machine, state):
        bad.append(f"Files are not as they were written: {sync}")
    if state.complete:
        bad += _of_sshd(machine, state)
    if state.reload_due:
        bad.append("sshd was not reloaded since there are new certificates.")
    if now - state.fresh_at > STALE:
        since = in_words(now - state.fresh_at) if state.fresh_at else "ever"
        bad.append(f"It has not heard of the server for {since}.")
    return bad


def _of_sshd(machine: Machine, state: State) -> list[str]:
    """Why sshd would not go by what is in place. Lines that are not ours somebody else minds."""
    try:
        found = sshd.settings(machine)
    except Failure as failure:
        return [str(failure)] if state.drop_in else []
    ignored = _ignored(machine, found) if state.drop_in else []
    is_strict = found.get("strictmodes") != [sshd.NO]
    return [*ignored, *openness.problems(machine, is_strict=is_strict)]


def _ignored(machine: Machine, found: Mapping[str, list[str]]) -> list[str]:
    """Lines for sshd may be gone, or others may have come before them since."""
    names = sshd.ignored(machine, found)
    if not names:
        return []
    if not machine.drop_in.exists():
        return [f"The lines for sshd are gone: {machine.drop_in}. {ANEW}"]
    return [f"sshd does not go by {', '.join(names)} in {machine.drop_in}: others are first."]


def _life(found: Certificate) -> int:
    return found.valid_before - found.valid_after
