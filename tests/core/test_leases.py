"""What a worker goes by for a moment, and that whoever ends something waits for it."""

from time import monotonic, sleep
from typing import Any

import pytest

from gatehouse.core.context import Origin, Runtime, unit_of_work
from gatehouse.core.errors import BadRequest
from gatehouse.core.leases import LEASE, MOST, Leases


def test_a_value_is_believed_until_its_lease_is_over():
    leases, seen = Leases(), iter("abc")

    assert leases.get("key", lambda: next(seen)) == "a"
    assert leases.get("key", lambda: next(seen)) == "a"
    sleep(LEASE)
    assert leases.get("key", lambda: next(seen)) == "b"
    leases.drop()
    assert leases.get("key", lambda: next(seen)) == "c"


def test_what_is_not_there_is_looked_for_each_time():
    leases = Leases()

    assert leases.get("key", lambda: None) is None
    assert leases.get("key", lambda: 1) == 1


def test_a_lease_begins_before_the_row_is_read():
    """A reading that takes long is believed for no longer after it was true."""
    leases = Leases()

    def slow() -> int:
        sleep(LEASE)
        return 1

    leases.get("key", slow)

    assert leases.get("key", lambda: 2) == 2


def test_nobody_makes_them_grow():
    leases = Leases()
    for number in range(MOST * 2 + 1):
        leases.get(number, lambda: 1)

    assert len(leases._held) <= MOST  # noqa: SLF001


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_answer_waits_once_for_what_the_act_has_ended(runtime: Runtime, *, is_refused: bool):
    started = monotonic()

    def end(ctx: Any) -> None:
        for _ in range(3):
            ctx.outwait_leases()

    def act() -> None:
        with unit_of_work(runtime, Origin("test")) as ctx:
            if is_refused:
                ctx.after_refusal(end)
                raise BadRequest
            end(ctx)

    if is_refused:
        with pytest.raises(BadRequest):
            act()
    else:
        act()

    assert LEASE <= monotonic() - started < 3 * LEASE
