"""An event that rings a bell, the handler that hears it, and a worker that delivers."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.events import Event
from gatehouse.outbox.jobs import deliver_outbox
from gatehouse.outbox.models import Message


@dataclass(frozen=True, kw_only=True)
class Rang(Event):
    name = "tests.rang"
    says = "A bell rang."

    bell_id: UUID
    tones: tuple[str, ...] = ()


class Bell:
    """A handler that notes what it hears, and does what the test says."""

    def __init__(self):
        self.heard, self.acts, self.does = [], [], lambda _message: ()

    def run(self, ctx, event, message):
        self.heard.append((event, message, ctx.origin, ctx.actor))
        return self.does(message)


def deliver(runtime) -> int:
    with unit_of_work(runtime, Origin("deliver"), Actor("job")) as ctx:
        return deliver_outbox(ctx)


def deliver_all(runtime) -> None:
    while deliver(runtime):
        pass


def messages(runtime) -> list[Message]:
    with runtime.reading() as db:
        return list(db.scalars(select(Message).order_by(Message.id)))


def make_due(runtime) -> None:
    """As if the wait, or somebody's lease, were over."""
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(update(Message).values(due_at=ctx.now - timedelta(seconds=1)))
