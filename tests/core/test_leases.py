"""What a worker goes by, and that whoever ends something ends that, too, and waits for it."""

from time import monotonic, sleep
from typing import Any

import pytest

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.errors import BadRequest
from gatehouse.core.leases import LEASE, MOST, MOST_KEPT, Leases
from gatehouse.core.runtime import Runtime


@pytest.fixture
def leases(runtime: Runtime) -> Leases:
    """Those of another process."""
    return Leases(runtime.engine)


def end_something(runtime: Runtime) -> None:
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.outwait_leases()


def test_a_value_is_kept_until_something_is_ended(leases: Leases, runtime: Runtime):
    seen = iter("abcd")

    assert leases.get("key", lambda: next(seen)) == "a"
    sleep(2 * LEASE)
    assert leases.get("key", lambda: next(seen)) == "a"
    end_something(runtime)
    assert leases.get("key", lambda: next(seen)) == "b"
    leases.drop()
    assert leases.get("key", lambda: next(seen)) == "c"
    sleep(MOST)
    assert leases.get("key", lambda: next(seen)) == "d"


def test_what_is_not_there_is_looked_for_each_time(leases: Leases):
    assert leases.get("key", lambda: None) is None
    assert leases.get("key", lambda: 1) == 1


def test_what_is_read_while_something_is_ended_is_not_kept(leases: Leases, runtime: Runtime):
    """The number is read first: what was read before the end counts under the number before it."""

    def slow() -> str:
        end_something(runtime)
        return "from before, or from after"

    leases.get("key", slow)

    assert leases.get("key", lambda: "after") == "after"


def test_nobody_makes_them_grow(leases: Leases):
    for number in range(MOST_KEPT * 2 + 1):
        leases.get(number, lambda: 1)

    assert len(leases._kept) <= MOST_KEPT  # noqa: SLF001


@pytest.mark.parametrize("is_refused", [False, True])
def test_the_answer_waits_once_for_what_the_act_has_ended(runtime: Runtime, *, is_refused: bool):
    started = monotonic()

    def end(ctx: Any) -> None:
        for _ in range(3):
            ctx.outwait_leases()
        assert len(ctx._after_commit) == 1  # noqa: SLF001

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

    assert monotonic() - started >= LEASE
