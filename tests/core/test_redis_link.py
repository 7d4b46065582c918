"""Speaking to a Redis that restarts, forgets, refuses or does not answer."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep

import pytest

from gatehouse.core.redis_link import PAUSE, RedisAway, RedisLink, Script
from tests.processes import free_port

pytestmark = pytest.mark.integration


@pytest.fixture
def link(redis_server) -> RedisLink:
    return RedisLink(redis_server.url())


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def wait_out_the_pause(link: RedisLink) -> None:
    deadline = monotonic() + 10
    while monotonic() < deadline:
        try:
            link.call("PING")
        except RedisAway:
            sleep(0.05)
        else:
            return
    raise AssertionError("Redis did not come back.")


def test_commands_are_answered(link):
    assert link.call("PING") == b"PONG"
    assert link.call("SET", "k", b"\x00\xff", "EX", 60) == b"OK"
    assert link.call("GET", "k") == b"\x00\xff"
    assert link.call("GET", "nothing") is None


def test_making_a_link_asks_nothing_of_the_server():
    started = monotonic()

    RedisLink(f"redis://127.0.0.1:{free_port()}/0")

    assert monotonic() - started < 1


def test_a_server_that_is_not_there_is_away():
    link = RedisLink(f"redis://127.0.0.1:{free_port()}/0")

    with pytest.raises(RedisAway):
        link.call("PING")
    with pytest.raises(RedisAway):
        link.run_id()
    with pytest.raises(RedisAway):
        link.run(Script("return 1"), [], [])


def test_a_wrong_password_is_away_too(redis_server):
    link = RedisLink(redis_server.url().replace(redis_server.password, "wrong"))

    with pytest.raises(RedisAway):
        link.call("PING")


def test_what_redis_refuses_is_away_too(link):
    link.call("SET", "k", "text")

    with pytest.raises(RedisAway):
        link.call("INCR", "k")


def test_a_restart_is_no_failure(link, redis_server):
    link.call("PING")
    before = link.run_id()

    redis_server.restart()

    assert link.call("PING") == b"PONG"
    assert link.run_id() != before


def test_many_reconnections_are_no_failure(link, redis_server):
    """A process lives for months: however often its connections are cut, it comes back."""
    other = RedisLink(redis_server.url())

    for _ in range(150):
        link.call("PING")
        other.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    assert link.call("PING") == b"PONG"


def test_threads_that_come_and_go_are_no_failure(link):
    for _ in range(150):
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(link.call, "PING").result() == b"PONG"


def test_threads_that_ended_leave_no_connection_behind(link, redis_server):
    for _ in range(20):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(link.call, "PING").result()

    clients = link.call("CLIENT", "LIST", "TYPE", "normal").decode().splitlines()
    assert len(clients) <= 2


def test_after_a_failure_nobody_waits_for_a_while(link, redis_server):
    link.call("PING")
    redis_server.kill()
    with pytest.raises(RedisAway):
        link.call("PING")
    redis_server.start()

    started = monotonic()
    for _ in range(100):
        if monotonic() - started > PAUSE / 2:
            break
        with pytest.raises(RedisAway):
            link.call("PING")
    assert monotonic() - started < PAUSE

    wait_out_the_pause(link)
    assert monotonic() - started < PAUSE + 2


def test_all_threads_of_a_process_share_the_pause(link, redis_server):
    link.call("PING")
    redis_server.kill()
    with pytest.raises(RedisAway):
        link.call("PING")

    with ThreadPoolExecutor(1) as pool, pytest.raises(RedisAway) as away:
        pool.submit(link.call, "PING").result()

    assert "moment ago" in str(away.value)


@pytest.mark.parametrize("asked", ["call", "run", "run_id"])
def test_a_server_that_never_answers_costs_at_most_a_second(black_hole, asked):
    """Threat 242: Redis slow."""
    link = RedisLink(black_hole)
    started = monotonic()

    with pytest.raises(RedisAway):
        {
            "call": lambda: link.call("PING"),
            "run": lambda: link.run(Script("return 1"), [], []),
            "run_id": link.run_id,
        }[asked]()

    assert monotonic() - started < 1


def test_a_server_that_falls_silent_costs_at_most_a_second(link, redis_server):
    """Threat 242: Redis slow. A time-out is not tried again."""
    link.call("PING")
    other = RedisLink(redis_server.url())
    other.call("CLIENT", "PAUSE", 3000, "ALL")
    started = monotonic()

    with pytest.raises(RedisAway):
        link.call("SET", "k", "1")

    assert monotonic() - started < 1


def test_a_late_answer_is_not_taken_for_the_next_one(link, redis_server):
    link.call("SET", "one", "1")
    link.call("SET", "two", "2")
    RedisLink(redis_server.url()).call("CLIENT", "PAUSE", 700, "ALL")
    with pytest.raises(RedisAway):
        link.call("GET", "one")

    wait_out_the_pause(link)

    assert link.call("GET", "two") == b"2"


def test_a_script_runs_with_keys_and_arguments(link):
    script = Script("return {KEYS[1], ARGV[1], ARGV[2]}")

    for _ in range(2):
        assert link.run(script, ["k"], ["a", 2]) == [b"k", b"a", b"2"]


def test_a_script_that_the_server_forgot_is_taught_again(link):
    script = Script("return 7")
    assert link.run(script, [], []) == 7

    link.call("SCRIPT", "FLUSH")

    assert link.run(script, [], []) == 7


def test_a_script_survives_a_restart(link, redis_server):
    script = Script("return redis.call('INCR', KEYS[1])")
    assert link.run(script, ["k"], []) == 1

    redis_server.restart()

    assert link.run(script, ["k"], []) == 1


def test_a_script_is_known_to_every_server_that_it_meets(link, redis_server):
    """The hash is kept with the script; a second server has never seen it."""
    script = Script("return 8")
    link.run(script, [], [])
    redis_server.restart()

    assert RedisLink(redis_server.url()).run(script, [], []) == 8


def test_a_script_that_fails_is_away_too(link):
    with pytest.raises(RedisAway):
        link.run(Script("return redis.call('NONSENSE')"), [], [])


def test_threads_do_not_hear_each_others_answers(link):
    start = Barrier(8)

    def speak(number: int) -> bool:
        start.wait()
        return all(
            link.call("ECHO", f"{number}-{turn}") == f"{number}-{turn}".encode()
            for turn in range(200)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(speak, range(8)))


def test_the_run_id_names_the_server_process(link, redis_server):
    assert len(link.run_id()) == 40
    assert link.run_id() == RedisLink(redis_server.url()).run_id()
