"""What the database says no to: the message's fault is counted, the database's own is not."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from gatehouse.outbox import jobs, service
from gatehouse.outbox.models import Outcome
from tests.outbox.bells import deliver, make_due, messages

TRIES = 11


def test_a_message_that_the_database_refuses_each_time_is_given_up(ringing, ring, bell):
    """It came back for ever: an error of the database was taken for nobody's try."""

    def refuse(_message):
        with ringing.short.connect() as db:
            db.execute(text("SELECT * FROM there_is_no_such_table"))

    bell.does = refuse
    ring()
    for _ in range(TRIES):
        make_due(ringing)
        deliver(ringing)

    (message,) = messages(ringing)
    assert (message.outcome, message.attempts) == (Outcome.DEAD, TRIES)
    assert "there_is_no_such_table" in message.last_error


def lose_the_connection(_message):
    raise DBAPIError("lost", None, Exception(), connection_invalidated=True)


def test_a_connection_that_is_lost_is_no_try_and_keeps_the_others_from_nothing(ringing, ring, bell):
    ids = ring(service.BATCH)
    first = messages(ringing)[0].id
    bell.does = lambda message: lose_the_connection(message) if message.id == first else ()

    for _ in range(TRIES + 1):
        make_due(ringing)
        deliver(ringing)

    (waiting,) = [message for message in messages(ringing) if message.settled_at is None]
    assert (waiting.id, waiting.attempts, waiting.last_error) == (first, 0, None)
    assert len(bell.heard) == len(ids) + TRIES


def test_a_database_that_is_away_takes_no_note_and_the_message_keeps_its_lease(
    ringing, ring, bell, monkeypatch
):
    def away(_runtime):
        raise OperationalError("away", None, Exception())

    bell.does = lambda _message: away(None)
    ring()
    with monkeypatch.context() as database:
        database.setattr(jobs, "_settling", away)
        with pytest.raises(OperationalError):
            deliver(ringing)

    (message,) = messages(ringing)
    assert (message.outcome, message.last_error) == (None, None)
    assert message.lease is not None
