"""Who may keep a thread waiting for a body, and what a body that breaks off leaves behind."""

import socket

import pytest
from gunicorn.http.errors import InvalidChunkSize

from gatehouse.core.bodies import BodyGate
from gatehouse.core.errors import GatehouseError, TooManyRequests

GUNICORN = "gunicorn.socket"


@pytest.fixture
def line():
    """A connection as gunicorn hands it to us, and its other end."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_one_caller_has_half_of_the_places_and_some_threads_are_kept_free(line):
    gate = BodyGate(threads=4)
    with gate.reading({}, "one"):
        with pytest.raises(TooManyRequests), gate.reading({GUNICORN: line[0]}, "one"):
            pass
        with (
            gate.reading({}, "another"),
            pytest.raises(TooManyRequests),
            gate.reading({}, "a third"),
        ):
            pass
        with gate.reading({}, "another"):
            pass
    with gate.reading({}, "one"):
        pass

    assert line[0].recv(1) == b""  # Whoever found no place is not heard to the end.


@pytest.mark.parametrize(
    ("trouble", "status"), [(TimeoutError(), 408), (InvalidChunkSize(b"zz"), 400)], ids=str
)
def test_a_body_that_breaks_off_is_refused_and_nothing_after_it_is_heard(line, trouble, status):
    gate = BodyGate(threads=4)
    with pytest.raises(GatehouseError) as refused, gate.reading({GUNICORN: line[0]}, "one"):
        assert line[0].gettimeout() is not None
        raise trouble

    assert refused.value.status == status
    assert line[0].gettimeout() is None
    assert line[0].recv(1) == b""
    with gate.reading({}, "one"):
        pass
