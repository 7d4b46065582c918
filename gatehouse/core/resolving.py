"""The machine's own resolver, which knows no deadline, and a wait that has one."""

import socket
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Rest = TypeVarTuple("Rest")


def ask_the_system(host: str, port: int) -> list[str]:
    """The addresses of a host, as the machine's own resolver knows them. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(str(error)) from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def within(seconds: float, ask: Callable[[*Rest], T], *about: *Rest) -> T:
    """What ``ask`` says or raises. Raises TimeoutError if it takes longer.

    It goes on then, in a thread that nobody waits for, not even the end of the process.
    """
    answers: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def look() -> None:
        try:
            found = ask(*about)
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            failure = error
            answers.put(lambda: _raise(failure))
        else:
            answers.put(lambda: found)

    Thread(target=look, name="gatehouse-question", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("there was no answer in time") from None
    return answer()


def _raise(error: Exception) -> Any:
    raise error
