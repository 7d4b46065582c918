"""The servers that the tests start: they start, stop, crash and come back."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from tests.processes import PORTS, ServerError, is_alive, unmeasured, wait_until
from tests.servers import PostgresServer, RedisServer, temporary_folder

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(dir=temporary_folder()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def kept_postgres():
    with (
        tempfile.TemporaryDirectory(dir=temporary_folder()) as folder,
        PostgresServer(Path(folder), timezone="Asia/Kolkata") as server,
    ):
        yield server


@pytest.fixture
def postgres(kept_postgres):
    kept_postgres.start()
    return kept_postgres


@pytest.fixture
def redis_server(home):
    with RedisServer(home) as server:
        yield server


def ask(server, statement, database="postgres"):
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def tell(server, statement, database="postgres"):
    with psycopg.connect(server.dsn(database)) as connection:
        connection.execute(statement)


def talk(server, db=0):
    return Redis.from_url(server.url(db), decode_responses=True, retry=Retry(NoBackoff(), 0))


def test_postgres_starts_in_a_folder_that_is_not_there_yet(home):
    with PostgresServer(home / "new" / "folder") as server:
        assert ask(server, "SHOW server_version").startswith("18.")


def test_postgres_has_the_settings_of_a_test_server(postgres):
    settings = {name: ask(postgres, f"SHOW {name}") for name in ("fsync", "max_connections")}

    assert settings == {"fsync": "off", "max_connections": "200"}
    assert ask(postgres, "SHOW timezone") == "Asia/Kolkata"
    assert ask(postgres, "SHOW server_encoding") == "UTF8"
    assert ask(postgres, "SELECT lower('ÄÖ')") == "äö"


def test_a_durable_postgres_flushes(home):
    with PostgresServer(home, durable=True) as server:
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW synchronous_commit") == "on"


def test_postgres_does_not_run_as_root(postgres):
    assert psutil.Process(postgres.pid).uids().effective != 0


def test_postgres_serves_its_unix_socket(postgres):
    place = {"host": str(postgres.sockets), "port": postgres.port, "user": "postgres"}
    with psycopg.connect(**place, password=postgres.password) as connection:
        assert connection.execute("SELECT inet_client_addr()").fetchone() == (None,)


def test_postgres_below_a_long_path_has_its_socket_elsewhere(home):
    with PostgresServer(home / ("long" * 30)) as server:
        assert server.directory not in server.sockets.parents
        assert (server.sockets / f".s.PGSQL.{server.port}").is_socket()


def test_postgres_runs_from_a_copy_where_its_user_cannot_reach_the_package(home, monkeypatch):
    monkeypatch.setattr("tests.servers.can_run", lambda *_: False)
    with PostgresServer(home) as server:
        assert home in server.programs.parents
        assert ask(server, "SELECT 1") == 1


@pytest.mark.parametrize("password", ["", "wrong"])
def test_postgres_admits_nobody_without_the_password(postgres, password):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1", port=postgres.port, user="postgres", password=password
        ).close()


def test_a_database_is_made_copied_and_dropped(postgres):
    postgres.create_database("original")
    tell(postgres, "CREATE TABLE things AS SELECT 7 AS number", "original")
    postgres.create_database("copy", template="original")
    assert ask(postgres, "SELECT number FROM things", "copy") == 7

    with psycopg.connect(postgres.dsn("copy")):
        postgres.drop_database("copy")
    postgres.drop_database("copy")
    postgres.drop_database("original")
    assert ask(postgres, "SELECT count(*) FROM pg_database WHERE datname = 'copy'") == 0


def test_databases_can_be_made_at_the_same_time(postgres):
    names = [f"together_{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(postgres.create_database, names))

    found = ask(postgres, "SELECT count(*) FROM pg_database WHERE datname LIKE 'together%'")
    assert found == 8


def test_a_stopped_postgres_cuts_its_clients_off_and_comes_back(postgres):
    tell(postgres, "CREATE TABLE stops AS SELECT 1 AS number")
    address = postgres.url()
    with psycopg.connect(postgres.dsn(), autocommit=True) as client:
        postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    assert not postgres.is_running
    with pytest.raises(psycopg.OperationalError):
        ask(postgres, "SELECT 1")

    postgres.start()
    assert postgres.url() == address
    assert ask(postgres, "SELECT number FROM stops") == 1


def test_a_killed_postgres_keeps_what_was_committed(postgres):
    tell(postgres, "CREATE TABLE kills (number int)")
    family = [
        psutil.Process(postgres.pid),
        *psutil.Process(postgres.pid).children(recursive=True),
    ]
    tell(postgres, "INSERT INTO kills VALUES (1)")
    with contextlib.closing(psycopg.connect(postgres.dsn())) as undecided:
        undecided.execute("INSERT INTO kills VALUES (2)")
        postgres.kill()
    assert not any(map(is_alive, family))

    postgres.start()
    assert ask(postgres, "SELECT sum(number) FROM kills") == 1
    assert "was not properly shut down" in postgres.log.read_text()


def test_postgres_restarts_again_and_again_on_its_port(postgres):
    port = postgres.port
    for end in (postgres.kill, postgres.stop, postgres.kill):
        end()
        postgres.restart()
        assert ask(postgres, "SELECT 1") == 1
    assert postgres.port == port


def test_starting_twice_and_stopping_twice_is_harmless(redis_server):
    pid = redis_server.pid
    redis_server.start()
    assert redis_server.pid == pid

    redis_server.stop()
    redis_server.stop()
    redis_server.kill()
    assert not redis_server.is_running


def test_a_server_that_cannot_start_shows_its_log(home):
    server = PostgresServer(home)
    server.settings["max_connections"] = "none"
    with pytest.raises(ServerError, match="max_connections"):
        server.start()
    assert not server.is_running


def test_a_port_is_never_one_for_outgoing_connections(redis_server):
    assert redis_server.port in PORTS


def test_a_server_takes_another_port_if_its_own_is_taken(home, redis_server, monkeypatch):
    ports = iter([redis_server.port, redis_server.port])
    fallback = redis_server.port + 1 if redis_server.port + 1 in PORTS else PORTS[0]
    monkeypatch.setattr("tests.processes.free_port", lambda: next(ports, fallback))
    with RedisServer(home / "second") as second:
        assert second.port == fallback
        assert talk(second).ping()


def test_redis_keeps_its_databases_apart(redis_server):
    with talk(redis_server) as first, talk(redis_server, 63) as last:
        first.set("name", "first")
        assert last.get("name") is None
        assert first.info("server")["redis_version"].startswith("6.2.")


def test_redis_admits_nobody_without_the_password(redis_server):
    redis_server.password = "wrong"
    with talk(redis_server) as client, pytest.raises(AuthenticationError):
        client.ping()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_redis_forgets_when_it_ends(redis_server, end):
    with talk(redis_server) as client:
        client.set("name", "value")
        getattr(redis_server, end)()
        with pytest.raises(RedisConnectionError):
            client.get("name")

        redis_server.restart()
        assert client.get("name") is None


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_redis_with_an_append_only_file_remembers(home, end):
    with RedisServer(home, appendonly=True) as server, talk(server) as client:
        client.set("name", "value")
        getattr(server, end)()

        server.start()
        assert client.get("name") == "value"


PROGRAM = """
import signal, sys, time
from pathlib import Path
from tests.servers import PostgresServer, RedisServer, Template

PostgresServer.template = Template(*sys.argv[3:])
# Whoever starts the tests in the background may have them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
home = Path(sys.argv[1])
servers = [PostgresServer(home / "postgres"), RedisServer(home / "redis")]
for server in servers:
    server.start()
print(*(server.pid for server in servers), flush=True)
time.sleep(float(sys.argv[2]))
"""


def run_program(home, seconds):
    template = PostgresServer.template
    program = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PROGRAM, str(home), str(seconds), *astuple(template)],
        stdout=subprocess.PIPE,
        text=True,
        env={**unmeasured(), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    servers = [psutil.Process(int(pid)) for pid in program.stdout.readline().split()]
    return program, servers


@pytest.mark.parametrize("last", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_end_with_the_process_that_started_them(home, last):
    program, servers = run_program(home, 60)
    with program:
        assert all(map(is_alive, servers))
        program.send_signal(last)
        program.wait(20)
    assert wait_until(lambda: not any(map(is_alive, servers)))


def test_servers_that_nobody_stopped_are_stopped_at_exit(home):
    program, servers = run_program(home, 0)
    with program:
        assert program.wait(20) == 0
    assert len(servers) == 2
    assert not any(map(is_alive, servers))
