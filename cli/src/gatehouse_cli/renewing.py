"""A new certificate while ssh waits: one process asks, nobody waits for long, nobody is asked."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from gatehouse_cli.api import Api, credential_of
from gatehouse_cli.certificates import Certificate
from gatehouse_cli.certifying import Target, Wish, request
from gatehouse_cli.ensure import good_one
from gatehouse_cli.failures import (
    Failure,
    Misused,
    NotSignedIn,
    Refused,
    StepUpNeeded,
    Unreachable,
)
from gatehouse_cli.known_hosts import fetch, write
from gatehouse_cli.places import locked, replace_file
from gatehouse_cli.profiles import chosen
from gatehouse_cli.refusals import asking
from gatehouse_cli.setups import SetUp, note_times, prepared
from gatehouse_cli.ssh_keys import read_key

PATIENCE = 10.0  # seconds that ssh is kept waiting
KINDS: tuple[type[Failure], ...] = (Misused, NotSignedIn, Refused, Unreachable, StepUpNeeded)


def ensured(setup: SetUp, *, anew: bool = False) -> Certificate:
    """A certificate that is good: the one that is there unless it is to be ``anew``, or a new one.

    Raises Failure.
    """
    began = time.time()
    done: SimpleQueue[Certificate | Failure] = SimpleQueue()
    Thread(
        target=_into, args=(done, lambda: _renewed(setup, began, anew=anew)), daemon=True
    ).start()
    try:
        found = done.get(timeout=PATIENCE)
    except Empty:
        raise Unreachable(f"There was no certificate within {PATIENCE:.0f} seconds.") from None
    if isinstance(found, Failure):
        raise found
    return found


def _into(done: "SimpleQueue[Certificate | Failure]", work: Callable[[], Certificate]) -> None:
    try:
        done.put(work())
    except Failure as failure:
        done.put(failure)
    except Exception as error:  # noqa: BLE001
        # A thread has nobody else who says it.
        done.put(Failure(f"It did not work: {type(error).__name__}."))


def _renewed(setup: SetUp, began: float, *, anew: bool) -> Certificate:
    """Of several at once the first one asks; the others have its certificate, or its refusal."""
    prepared()
    with locked(setup.times):
        found = None if anew else _good_one(setup)
        if found is None:
            _repeat_refusal(setup, began)
            found = _asked(setup)
            _know_hosts(setup)
        note_times(setup, found.valid_after, found.valid_before)
    return found


def _know_hosts(setup: SetUp) -> None:
    """Have the authorities of now, too: one may have been revoked. Else those of before stay."""
    with suppress(Failure):
        if text := fetch(setup):
            write(setup, text)


def _good_one(setup: SetUp) -> Certificate | None:
    try:
        return good_one(setup)
    except Failure:
        return None


def _asked(setup: SetUp) -> Certificate:
    try:
        return ask(setup, Wish())
    except Failure as failure:
        said = {"at": time.time(), "code": failure.code, "message": str(failure)}
        said["type"] = failure.type if isinstance(failure, Refused) else ""
        replace_file(setup.refusal, json.dumps(said))
        raise


def ask(setup: SetUp, wish: Wish) -> Certificate:
    """Have a certificate signed for what is set up. Raises Failure if it is of no use here."""
    _, found = request(api_of(setup), target_of(setup), wish)
    if found.state(time.time()) != "valid":
        raise Failure("By the clock here the new certificate is not valid. Set the clock.")
    return found


def target_of(setup: SetUp) -> Target:
    organization = {"id": setup.org_id, "slug": setup.org}
    return Target(read_key(setup.public), setup.certificate, organization)


def api_of(setup: SetUp) -> Api:
    """Calls to the server of this organization."""
    return Api(credential_of(chosen(setup.profile, setup.server)))


def advice(setup: SetUp, failure: Failure) -> str:
    """What happened and what helps, in one line."""
    lines = asking(str(failure), setup.profile, setup.server).splitlines()
    return " ".join(line.strip() for line in lines)


def _repeat_refusal(setup: SetUp, began: float) -> None:
    """Raise what another process was told while we waited for it."""
    try:
        said = json.loads(setup.refusal.read_text("utf-8"))
        is_news, code, message = float(said["at"]) >= began, said["code"], str(said["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if is_news:
        kind = next((one for one in KINDS if one.code == code), Failure)
        raise Refused(message, said["type"]) if kind is Refused else kind(message)
