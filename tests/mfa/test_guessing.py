"""Guessing at factors: counted for the account, whichever factor and wherever it comes from."""

from itertools import count
from time import time
from typing import Any

import pytest

from tests.conftest import client_of
from tests.mfa.owners import FACTOR, REAUTHENTICATE, Owner

STEP = 30  # seconds
MINUTE = 61  # seconds: the longest that anybody waits
_places = count(1)


def waits(owner: Owner) -> Any:
    return owner.begin()["mfa_token"]


def somewhere(owner: Owner) -> Any:
    """A browser at an address that nobody has used yet."""
    at = next(_places)
    return client_of(owner.http.application, f"198.51.{100 + at // 250}.{at % 250 + 1}", "x/1")


def guess(owner: Owner, **said: object) -> int:
    """A wrong one, in a sign-in of its own, from an address of its own."""
    body = {"mfa_token": waits(owner), "code": "000000", **said}
    return somewhere(owner).post(FACTOR, json=body).status_code


def test_tries_at_all_factors_are_one_count(owner: Owner):
    """Threats 114, 115, 126: over sign-ins, addresses, codes of the app and recovery codes."""
    owner.enrol()
    kinds = ({}, {"code": "0" * 16, "is_backup_code": True})

    answers = [guess(owner, **kinds[number % 2]) for number in range(6)]

    assert answers[:4] == [401] * 4
    assert 429 in answers[4:]


def test_a_right_one_does_not_count_while_it_is_locked(owner: Owner, clock: Any):
    """Threat 126: after ten in a row nobody learns which one would have been right."""
    owner.enrol()
    for _ in range(10):
        guess(owner)
        clock.shift(MINUTE)

    right = {"mfa_token": waits(owner), "code": owner.app.now()}

    assert somewhere(owner).post(FACTOR, json=right).status_code == 401


def test_the_owner_still_gets_in_where_they_have_been_before(owner: Owner, clock: Any):
    """Threat 116."""
    codes = owner.enrol()["backup_codes"]
    assert owner.answer(waits(owner), codes[0], is_backup_code=True).status_code == 200
    for _ in range(10):
        guess(owner)
        clock.shift(MINUTE)

    assert owner.answer(waits(owner), owner.app.now()).status_code == 200


@pytest.mark.parametrize("off", [-2, 2])
def test_the_time_is_ours(owner: Owner, clock: Any, off: int):
    """Threat 126: a step to either side, whatever time the caller says it is."""
    assert clock  # No step ends while we look.
    owner.enrol()
    now, farther = int(time()), (off * steps for steps in (1, 2, 3))
    taken = {owner.app.at(now + step * STEP) for step in (-1, 0, 1)}
    # Two steps have the same code once in a million: then the next but one has another.
    away = next(step * STEP for step in farther if owner.app.at(now + step * STEP) not in taken)

    reply = owner.answer(waits(owner), owner.app.at(now + away), client_timestamp=now + away)

    assert reply.status_code == 401


def test_confirming_counts_as_well(owner: Owner):
    """Threat 114."""
    owner.enrol()
    wrong = {"code": "000000"}

    answers = [
        owner.http.post(REAUTHENTICATE, json=wrong, headers=owner.headers).status_code
        for _ in range(6)
    ]

    assert answers[:4] == [401] * 4
    assert 429 in answers[4:]


def test_a_known_device_has_one_name(owner: Owner, clock: Any):
    """Threats 114, 126: whoever was known by their password cannot try under ever new names."""
    owner.enrol()
    assert owner.answer(waits(owner), owner.app.now()).status_code == 200

    for number in range(12):
        body = {"mfa_token": waits(owner), "code": "000000"}
        somebody = client_of(owner.http.application, f"198.51.99.{number + 1}", f"x/{number}")
        somebody.post(FACTOR, json=body)
        clock.shift(MINUTE)

    owner.forget_steps()
    right = {"mfa_token": waits(owner), "code": owner.app.now()}
    fresh = client_of(owner.http.application, "198.51.99.99", "x/99")
    assert fresh.post(FACTOR, json=right).status_code == 401
