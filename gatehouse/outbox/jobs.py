"""Delivering what is due, and forgetting what was delivered."""

from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError

from gatehouse.core.context import Actor, Context, Origin, Runtime, unit_of_work
from gatehouse.core.events import EVENTS
from gatehouse.core.logging import LOGGER, blank
from gatehouse.core.reactions import GivenUp, Postponed, Received, every
from gatehouse.outbox import service
from gatehouse.outbox.models import Message
from gatehouse.outbox.queries import due_messages

LONGEST_ERROR = 500
AT_A_TIME = 4  # so that one slow receiver does not hold up all others


@every(timedelta(seconds=1), alone=False)
def deliver_outbox(ctx: Context) -> int:
    """Deliver a batch of messages, some at a time, the oldest first. Returns how many it took."""
    if ctx.glance(due_messages(ctx.now).with_only_columns(Message.id).limit(1)) is None:
        return 0  # Nothing is due: no transaction that writes, once a second, for nothing.
    runtime, taker = ctx.runtime, Origin("outbox")
    with unit_of_work(runtime, taker, Actor("job")) as claiming:
        messages = service.claim(claiming)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - workers alone need it

    with ThreadPoolExecutor(AT_A_TIME, "gatehouse-delivery") as threads:
        list(threads.map(partial(_deliver, runtime), messages))
    return len(messages)


@every(timedelta(hours=1))
def purge_outbox(ctx: Context) -> int:
    """Delete delivered messages after 7 days, dead ones after 90, in small batches."""
    return service.purge(ctx)


def _deliver(runtime: Runtime, message: Message) -> None:
    """Run the handler, then what it wants done outside of its transaction; note what came of it."""
    try:
        _handle(runtime, message)
    except Postponed as later:
        with _settling(runtime) as ctx:
            service.postpone(ctx, message, later.wait)
    except DBAPIError:
        raise  # Ours, not the message's: it comes up again when its lease is over.
    except Exception as error:  # noqa: BLE001 - whatever one message does, the others go on
        why = blank(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
        LOGGER.warning("%s of %s failed: %s", message.handler, message.id, why)
        with _settling(runtime) as ctx:
            service.fail(ctx, message, why, for_good=isinstance(error, GivenUp))
    else:
        with _settling(runtime) as ctx:
            service.settle(ctx, message)


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
