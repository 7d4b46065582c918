"""Fixtures of the outbox: a runtime whose only handler is a bell."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from gatehouse.audit.service import record
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.reactions import Handler, of_event
from gatehouse.outbox.models import Message
from tests.outbox.bells import Bell, Rang


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def ringing(runtime, bell):
    """A runtime in which the bell handles Rang, and an outbox that holds nothing else."""
    handler = Handler("tests.ring", Rang, bell.run)
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
    return replace(runtime, handlers={handler.name: handler}, handlers_of=of_event([handler]))


@pytest.fixture
def ring(ringing):
    """Record that a bell rang: ``ring(times)``. Returns the ids, in order."""

    def do(times: int = 1) -> list[UUID]:
        ids = [uuid4() for _ in range(times)]
        for bell_id in ids:
            with unit_of_work(ringing, Origin("test-ring", "192.0.2.7", "tests")) as ctx:
                record(ctx, Rang(bell_id=bell_id, tones=("c", "e")))
        return ids

    return do
