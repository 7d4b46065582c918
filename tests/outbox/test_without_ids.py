"""Messages that hold no id, as if they came from another version of ours."""

from dataclasses import fields
from typing import get_type_hints

import pytest

from gatehouse.accounts.events import LinkAsked
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.outbox.models import Message
from gatehouse.outbox.queries import counts
from tests.outbox.test_delivery import value_for


def payload_for(event) -> dict:
    hints = get_type_hints(event)
    made = event(**{field.name: value_for(hints[field.name]) for field in fields(event)})
    return made.payload()


@pytest.mark.parametrize("ids", [{}, {"org_id": None, "user_id": None}], ids=["absent", "null"])
def test_a_message_that_holds_no_id_is_about_nobody(mailbox, runtime, ids):
    """It is delivered to each handler, and nobody is mailed."""
    handlers = [one for one in runtime.handlers.values() if one.event is not LinkAsked]  # Has none.
    with unit_of_work(runtime, Origin()) as ctx:
        for handler in handlers:
            payload = payload_for(handler.event)
            del payload["org_id"], payload["user_id"]
            message = Message(
                created_at=ctx.now,
                handler=handler.name,
                event=handler.event.name,
                payload=payload | ids,
                request_id="-",
                due_at=ctx.now,
            )
            ctx.db.add(message)

    assert len(handlers) > 10
    assert mailbox.deliver() == []
    with unit_of_work(runtime, Origin()) as ctx:
        assert counts(ctx) == {"waiting": 0, "dead": 0}
