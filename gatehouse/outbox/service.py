"""Putting messages in, taking them out under a lease, and settling what came of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import random
from secrets import token_hex
from uuid import UUID

from sqlalchemy import delete, select, update

from gatehouse.core.context import Context
from gatehouse.core.events import Event
from gatehouse.core.reactions import MAILS
from gatehouse.outbox.models import Message, Outcome
from gatehouse.outbox.queries import dated_ahead, due_messages
from gatehouse.outbox.rules import LONGEST_WAIT, wait_after

LEASE = timedelta(minutes=2)
BATCH = 40
KEPT = {Outcome.DELIVERED: timedelta(days=7), Outcome.DEAD: timedelta(days=90)}
AT_ONCE = 1000
MESSAGES = Message.metadata.tables[Message.__tablename__]


def publish(ctx: Context, event: Event) -> None:
    """Leave a message for each handler of the event, in the transaction of the act."""
    for handler in ctx.runtime.handlers_of.get(type(event), ()):
        ctx.db.add(
            Message(
                created_at=ctx.now,
                handler=handler.name,
                event=event.name,
                lane=handler.lane,
                payload=event.payload(),
                ip=ctx.origin.ip,
                user_agent=ctx.origin.user_agent,
                request_id=ctx.origin.request_id,
                due_at=ctx.now,
            )
        )


def claim(ctx: Context, lane: str = MAILS) -> Sequence[Message]:
    """Take the oldest messages of a lane that are due. They are ours until the lease runs out."""
    taken = due_messages(ctx.now, lane).limit(BATCH).with_for_update(skip_locked=True)
    messages = ctx.db.scalars(taken).all()
    lease = token_hex(16)
    for message in messages:
        message.lease = lease
        message.due_at = ctx.now + LEASE
        message.attempts += 1
    return messages


def renew(ctx: Context, message: Message) -> bool:
    """Hold the message as long again, unless it is somebody else's by now. Returns whether it is
    ours.
    """
    mine = (MESSAGES.c.id == message.id) & (MESSAGES.c.lease == message.lease)
    return ctx.execute(update(MESSAGES).where(mine).values(due_at=ctx.now + LEASE)) == 1


def settle(ctx: Context, messages: Sequence[Message]) -> None:
    """Note that these were delivered."""
    for lease in {message.lease for message in messages}:
        ids = [message.id for message in messages if message.lease == lease]
        done = {"settled_at": ctx.now, "outcome": Outcome.DELIVERED, "last_error": None}
        _change(ctx, lease, ids, done)


def postpone(ctx: Context, message: Message, wait: timedelta) -> None:
    """Put the message off without counting the try."""
    later = {"due_at": ctx.now + wait, "attempts": message.attempts - 1}
    _change(ctx, message.lease, [message.id], later)


def hand_back(ctx: Context, messages: Sequence[Message]) -> None:
    """Let the next worker have, at once, what was taken and not begun."""
    for lease in {message.lease for message in messages}:
        ids = [message.id for message in messages if message.lease == lease]
        _change(ctx, lease, ids, {"due_at": ctx.now, "attempts": MESSAGES.c.attempts - 1})


def fail(ctx: Context, message: Message, why: str, *, for_good: bool = False) -> None:
    """Try again later; or give the message up, after the last try or ``for_good``."""
    wait = None if for_good else wait_after(message.attempts, random())  # noqa: S311 - spread only
    if wait is None:
        failed = {"settled_at": ctx.now, "outcome": Outcome.DEAD, "last_error": why}
    else:
        failed = {"due_at": ctx.now + wait, "last_error": why}
    _change(ctx, message.lease, [message.id], failed)


def revive(ctx: Context, message_ids: Sequence[UUID] = ()) -> int:
    """Try dead messages again, those named or all. Returns how many there were."""
    dead = update(Message).where(Message.outcome == Outcome.DEAD)
    if message_ids:
        dead = dead.where(Message.id.in_(message_ids))
    again = dead.values(settled_at=None, outcome=None, due_at=ctx.now, attempts=0, lease=None)
    return ctx.execute(again)


def mend(ctx: Context) -> int:
    """Let a batch of messages be due that nobody asked to put off. Returns how many there were.

    The time in a row is that of the machine that wrote it: one ahead of ours had its mails wait
    for that time to come.
    """
    longest = ctx.now + LONGEST_WAIT
    ahead = select(Message.id).where(*dated_ahead(ctx.now, longest)).limit(AT_ONCE)
    # Asked again of each row: a worker may have taken it while we waited for its lock.
    mended = update(Message).where(
        Message.id.in_(ahead.scalar_subquery()), *dated_ahead(ctx.now, longest)
    )
    return ctx.execute(mended.values(due_at=ctx.now).execution_options(synchronize_session=False))


def purge(ctx: Context) -> int:
    """Delete a batch of what was settled long ago. Returns how many messages that were."""
    total = 0
    for outcome, kept in KEPT.items():
        over = (
            select(Message.id)
            .where(Message.outcome == outcome, Message.settled_at < ctx.now - kept)
            .limit(AT_ONCE)
        )
        total += ctx.execute(delete(Message).where(Message.id.in_(over.scalar_subquery())))
    return total


def _change(
    ctx: Context, lease: str | None, ids: Sequence[UUID], values: Mapping[str, object]
) -> None:
    """Change the messages that are still ours: after the lease they may be somebody else's."""
    mine = MESSAGES.c.id.in_(ids) & (MESSAGES.c.lease == lease)
    ctx.execute(update(MESSAGES).where(mine).values(lease=None, **values))
