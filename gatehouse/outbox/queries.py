"""Reading the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from gatehouse.core.context import Context
from gatehouse.outbox.models import Message, Outcome


def due_messages(now: datetime, lane: str) -> Select[Any]:
    """What may be taken of a lane, the oldest first."""
    return (
        select(Message)
        .where(Message.lane == lane, Message.settled_at.is_(None), Message.due_at <= now)
        .order_by(Message.due_at, Message.id)
    )


def waiting_messages(event: str) -> Select[Message]:
    """What of one event is not delivered, given up or not."""
    is_open = or_(Message.settled_at.is_(None), Message.outcome == Outcome.DEAD)
    return select(Message).where(Message.event == event, is_open)


def dated_ahead(now: datetime, longest: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is still to come and was not put off, or is put off for longer than ever happens.

    It has been due since it was made, until somebody takes it or puts it off.
    """
    was_not_put_off = Message.due_at == Message.created_at
    return (
        Message.settled_at.is_(None),
        Message.due_at > now,
        or_(was_not_put_off, Message.due_at > longest),
    )


def dead_messages(ctx: Context, *, limit: int) -> Sequence[Message]:
    rows = select(Message).where(Message.outcome == Outcome.DEAD).order_by(Message.settled_at)
    return ctx.db.scalars(rows.limit(limit)).all()


def oldest_waiting(ctx: Context) -> datetime | None:
    """Since when the message waits that waits longest."""
    return ctx.db.scalar(select(func.min(Message.created_at)).where(Message.settled_at.is_(None)))


def counts(ctx: Context) -> dict[str, int]:
    """How many messages wait, and how many were given up."""
    waiting = select(func.count()).where(Message.settled_at.is_(None))
    dead = select(func.count()).where(Message.outcome == Outcome.DEAD)
    return {"waiting": ctx.db.scalar(waiting) or 0, "dead": ctx.db.scalar(dead) or 0}
