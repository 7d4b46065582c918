"""``python manage.py outbox``."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import delete

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.outbox.models import Message, Outcome


@pytest.fixture
def dead(runtime):
    now = datetime.now(UTC)
    message = Message(
        handler="tests.ring",
        event="tests.rang",
        payload={},
        request_id="r",
        due_at=now,
        settled_at=now,
        outcome=Outcome.DEAD,
        last_error="no such mailbox",
    )
    with unit_of_work(runtime, Origin()) as ctx:
        ctx.db.execute(delete(Message))
        ctx.db.add(message)
    return message


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["outbox", *arguments])


def test_what_was_given_up_is_listed_with_the_reason(app, dead):
    result = run(app, "list")

    assert result.output.startswith("0 waiting, 1 given up\n")
    assert str(dead.id) in result.output
    assert "no such mailbox" in result.output


@pytest.mark.parametrize("which", ["named", "all"])
def test_it_is_tried_again(app, dead, which):
    result = run(app, "retry", str(dead.id) if which == "named" else "--all")

    assert result.output == "1 messages will be tried again.\n"
    assert run(app, "list").output == "1 waiting, 0 given up\n"


def test_an_id_that_is_none_changes_nothing(app, dead):
    assert "0 messages" in run(app, "retry", str(uuid4())).output


@pytest.mark.parametrize("arguments", [[], ["--all", str(uuid4())], ["nonsense"]])
def test_it_must_be_said_which(app, dead, arguments):
    assert run(app, "retry", *arguments).exit_code == 2
