"""Connections whose reader does not read are found among all that a process has, and ended."""

import socket
from contextlib import suppress
from pathlib import Path
from time import sleep

import pytest

from gatehouse.core import readers
from gatehouse.core.readers import Hidden, Known, reader_of

pytestmark = pytest.mark.integration
HELD_UP = 0.3  # seconds


@pytest.fixture
def stalled():
    """Both ends of a connection that is full, and has been for a while."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(listener.getsockname())
        ours, _ = listener.accept()
        with ours:
            ours.settimeout(0)
            with suppress(BlockingIOError):
                while True:
                    ours.send(b"x" * 65_536)
            sleep(2 * HELD_UP)
            yield ours, theirs


def reader_at(ours: socket.socket) -> Hidden:
    return Hidden("127.0.0.1", ours.getsockname()[1])


def test_who_does_not_read_is_cut_off(stalled):
    """Threat 204."""
    ours, theirs = stalled
    reader = reader_at(ours)
    assert reader.can_be_cut(HELD_UP)

    reader.cut(HELD_UP)

    theirs.settimeout(5)
    while theirs.recv(65_536):
        pass
    assert not reader.can_be_cut(HELD_UP)


def test_nobody_else_is(stalled):
    ours, theirs = stalled
    port = ours.getsockname()[1]
    others = [Hidden("192.0.2.1", port), Hidden("127.0.0.1", port + 1)]
    others.append(Hidden("127.0.0.1", theirs.getsockname()[1]))

    assert not any(each.can_be_cut(HELD_UP) for each in others)
    assert not reader_at(ours).can_be_cut(60)


def test_an_address_of_ipv4_is_the_same_on_a_socket_for_both(stalled):
    ours, _ = stalled

    assert Hidden("::ffff:127.0.0.1", ours.getsockname()[1]).can_be_cut(HELD_UP)


def test_looking_leaves_nothing_open(stalled):
    def opened() -> int:
        return len(list(readers.OPEN_FILES.iterdir()))

    ours, _ = stalled
    before = opened()
    for _ in range(3):
        reader_at(ours).can_be_cut(HELD_UP)

    assert opened() == before


def test_where_a_process_cannot_see_what_it_has_open_nothing_is_cut(stalled, monkeypatch):
    monkeypatch.setattr(readers, "OPEN_FILES", Path("/nowhere"))

    assert not reader_at(stalled[0]).can_be_cut(0)


def test_which_reader_a_request_has():
    with socket.socket() as lent:
        assert reader_of({"gunicorn.socket": lent}) == Known(lent)
    ours = {"SERVER_SOFTWARE": "Granian", "REMOTE_ADDR": "192.0.2.1", "SERVER_PORT": "5000"}
    assert reader_of(ours) == Hidden("192.0.2.1", 5000)
    assert reader_of({"SERVER_SOFTWARE": "Werkzeug/3"}) is None
