"""Delivering what is due, and forgetting what was delivered."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.events import EVENTS
from gatehouse.core.logging import LOGGER, blank
from gatehouse.core.reactions import CALLS, MAILS, GivenUp, Postponed, Received, Taken, every
from gatehouse.core.runtime import Runtime
from gatehouse.outbox import service
from gatehouse.outbox.models import Message
from gatehouse.outbox.queries import due_messages

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

LONGEST_ERROR = 500
AT_A_TIME = 4  # so that one slow receiver does not hold up all others
CALLS_AT_A_TIME = 16
LATE = service.LEASE / 6  # after so much of a lease, ask whether it still holds before one begins
AFTER_A_LOSS = timedelta(seconds=5)
LINGER = 0.01  # seconds in which others may join those that are noted together
HEED = 0.2  # seconds between two looks whether we are told to stop


@every(timedelta(seconds=1), alone=False)
def deliver_outbox(ctx: Context) -> int:
    """Deliver a batch of messages, some at a time, the oldest first. Returns how many it began."""
    return _deliver_lane(ctx, MAILS, AT_A_TIME)


@every(timedelta(seconds=1), alone=False, waits=True)
def deliver_calls(ctx: Context) -> int:
    """Call others about what happened, many at a time. Those that do not answer hold up neither
    mail nor the rest. Returns how many it began.
    """
    return _deliver_lane(ctx, CALLS, CALLS_AT_A_TIME)


@every(timedelta(minutes=1))
def mend_outbox(ctx: Context) -> int:
    """Deliver now what waits only because a clock was ahead when it was put in."""
    return service.mend(ctx)


@every(timedelta(hours=1))
def purge_outbox(ctx: Context) -> int:
    """Delete delivered messages after 7 days, dead ones after 90, in small batches."""
    return service.purge(ctx)


def _deliver_lane(ctx: Context, lane: str, at_a_time: int) -> int:
    if ctx.glance(due_messages(ctx.now, lane).with_only_columns(Message.id).limit(1)) is None:
        return 0  # Nothing is due: no transaction that writes, once a second, for nothing.
    runtime, taker = ctx.runtime, Origin("outbox")
    with unit_of_work(runtime, taker, Actor("job")) as claiming:
        messages = service.claim(claiming, lane)
    return _deliver_all(runtime, messages, ctx.told_to_stop, at_a_time)


def _deliver_all(
    runtime: Runtime,
    messages: Sequence[Message],
    told_to_stop: Callable[[], bool],
    at_a_time: int,
) -> Taken:
    """Deliver ``messages``, and note together what was delivered at about the same time. Returns
    how many were begun: who is told to stop hands the others back at once.

    Nothing new is begun for what is not noted yet: when we die, no more than so many come twice.
    A database that is away is raised last: what it kept us from comes up when its lease is over.
    """
    from concurrent.futures import (  # noqa: PLC0415 - workers alone need it
        FIRST_COMPLETED,
        ThreadPoolExecutor,
        wait,
    )

    waiting, begun, delivered, trouble = deque(messages), 0, 0, None
    under_way: dict[Future[bool], Message] = {}
    with ThreadPoolExecutor(at_a_time, "gatehouse-delivery") as threads:
        while waiting or under_way:
            while waiting and len(under_way) < at_a_time:
                if told_to_stop() or not (one := _begin(threads, runtime, waiting[0])):
                    _hand_back(runtime, waiting)
                    break
                under_way[one] = waiting.popleft()
                begun += 1
            wait(under_way, HEED, return_when=FIRST_COMPLETED)
            ended = wait(under_way, LINGER).done
            trouble = next((error for one in ended if (error := one.exception())), trouble)
            done = [under_way.pop(one) for one in ended if _succeeded(one)]
            _note_delivered(runtime, done)
            delivered += len(done)
            under_way = {one: under_way[one] for one in under_way if one not in ended}
    if trouble:
        raise trouble
    return Taken(begun, left=begun - delivered)


def _begin(
    threads: "ThreadPoolExecutor", runtime: Runtime, message: Message
) -> "Future[bool] | None":
    try:
        return threads.submit(_deliver, runtime, message)
    except RuntimeError as error:
        # The process ends: it serves, and runs the jobs in a thread beside that. If it is but out
        # of threads, one of ours has the message already.
        if "shutdown" not in str(error):
            raise
        return None


def _hand_back(runtime: Runtime, waiting: deque[Message]) -> None:
    """Leave what was not begun to the next worker, that need not wait for the end of a lease."""
    with _settling(runtime) as ctx:
        service.hand_back(ctx, waiting)
    waiting.clear()


def _succeeded(one: "Future[bool]") -> bool:
    return not one.exception() and one.result()


def _note_delivered(runtime: Runtime, messages: Sequence[Message]) -> None:
    if messages:
        with _settling(runtime) as ctx:
            service.settle(ctx, messages)


def _deliver(runtime: Runtime, message: Message) -> bool:
    """Run the handler, then what it wants done outside of its transaction.

    Returns whether it was delivered; notes at once why it was not.
    """
    if not _is_ours(runtime, message):
        return False
    try:
        _handle(runtime, message)
    except Postponed as later:
        with _settling(runtime) as ctx:
            service.postpone(ctx, message, later.wait)
    except Exception as error:  # noqa: BLE001 - whatever one message does, the others go on
        _note_failure(runtime, message, error)
    else:
        return True
    return False


def _note_failure(runtime: Runtime, message: Message, error: Exception) -> None:
    """Count the try against the message, unless it was the database that went away.

    A database that is away takes no note either, and raises here: the message comes up again when
    its lease is over. One that is back already lost the connection: that is no try. What it
    refuses and then notes is the message's own fault, or a mistake of ours, and must end.
    """
    why = blank(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
    LOGGER.warning("%s of %s failed: %s", message.handler, message.id, why)
    with _settling(runtime) as ctx:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            service.postpone(ctx, message, AFTER_A_LOSS)
        else:
            service.fail(ctx, message, why, for_good=isinstance(error, GivenUp))


def _is_ours(runtime: Runtime, message: Message) -> bool:
    """Others of its batch may have taken so long that another worker has it. Nobody asks in time:
    it would cost a transaction for each message.
    """
    taken_at = message.due_at - service.LEASE
    if datetime.now(UTC) - taken_at < LATE:
        return True
    with _settling(runtime) as ctx:
        return service.renew(ctx, message)


def _handle(runtime: Runtime, message: Message) -> None:
    handler = runtime.handlers.get(message.handler)
    event = EVENTS.get(message.event)
    if handler is None or event is None:
        raise GivenUp(f"{message.handler} and {message.event} are not of this version")
    origin = Origin(message.request_id, message.ip, message.user_agent)
    received = Received(message.id, message.created_at, is_retry=message.attempts > 1)
    with unit_of_work(runtime, origin, Actor("job")) as ctx:
        rest = list(handler.run(ctx, event.from_payload(message.payload), received) or ())
    for act in rest:
        act(runtime.ports)


def _settling(runtime: Runtime) -> AbstractContextManager[Context]:
    return unit_of_work(runtime, Origin("outbox"), Actor("job"))
