"""The service as a process, on a real socket."""

import errno
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest
from click import ClickException
from sqlalchemy.exc import OperationalError

from gatehouse.commands import in_words
from gatehouse.core.listening import address_of, refuse_a_port_in_use
from gatehouse.core.settings import ROOT
from tests.commanding import command
from tests.ops.conftest import environment
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.integration

LOGIN = "/api/v1/auth/login"
LIVE = "/api/health/live"


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[int]:
    """The port of a served installation on SQLite."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    settings = environment(
        folder, {"PORT": str(port), "LOG_LEVEL": "info", "RATELIMIT_LOGIN": "100000/day"}
    )
    command("init-db", **settings)
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=settings,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_until(lambda: process.poll() is not None or answers(port)), log.read_text()
        yield port
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text(), log.read_text()


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", LIVE)[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, **options):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, **options)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def speak(port: int, raw: bytes, *, is_all: bool = True) -> bytes:
    """Send bytes and return the first ones that come back; nothing if the line is cut."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        try:
            connection.sendall(raw)
            if is_all:
                connection.shutdown(socket.SHUT_WR)
            return connection.recv(65_536)
        except OSError:
            return b""


def test_it_serves(served):
    status, headers, content = ask(served, "GET", LIVE)

    assert status == 200
    assert json.loads(content)["data"] == {"status": "alive"}
    assert "nosniff" in headers.values()


@pytest.mark.parametrize("megabytes", [2, 20])
def test_whoever_sends_too_much_hears_so(served, megabytes):
    """Threat 204: the sender must get the answer, not a reset."""
    headers = {"Content-Type": "application/json"}

    status, _, content = ask(
        served, "POST", LOGIN, body=b"x" * megabytes * 1024 * 1024, headers=headers
    )

    assert status == 413
    assert json.loads(content)["error"]["type"] == "PAYLOAD_TOO_LARGE"


def test_a_body_in_chunks_is_read_or_refused(served):
    """Threat 204."""
    good = json.dumps({"email": "a@b.example", "password": "x"}).encode()
    headers = {"Content-Type": "application/json"}

    status, _, content = ask(
        served, "POST", LOGIN, body=iter([good[:5], good[5:]]), headers=headers, encode_chunked=True
    )

    # Read: a wrong password. Refused: a 4xx that is no 500, and never an empty success.
    assert 400 <= status < 500
    assert json.loads(content)["success"] is False


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST " + LOGIN.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST " + LOGIN.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\nab",
        b"POST " + LOGIN.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST " + LOGIN.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Content-Length: 3\r\n\r\n{}",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"",
    ],
    ids=range(11),
)
def test_what_is_hardly_http_is_no_failure_of_ours(served, raw):
    """Threats 191 and 204."""
    answer = speak(served, raw)

    assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5")), answer[:200]
    assert ask(served, "GET", LIVE)[0] == 200


def test_a_doubled_authorization_is_refused(served):
    """Threat 191."""
    answer = speak(
        served,
        b"GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Authorization: Bearer a\r\nAuthorization: Basic b\r\n\r\n",
        is_all=False,
    )

    assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))


def test_the_address_of_the_caller_is_known(served):
    """Without it every caller would share one bucket of the limits."""
    email = "somebody@example.org"
    body = json.dumps(
        {
            "email": email,
            "password": "correct horse battery staple",
            "password_confirm": "correct horse battery staple",
        }
    )
    headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.9"}
    status, _, content = ask(served, "POST", "/api/v1/auth/register", body=body, headers=headers)
    assert status == 201, content
    token = json.loads(content)["data"]["token"]

    _, _, content = ask(
        served, "GET", "/api/v1/auth/sessions", headers={"Authorization": f"Bearer {token}"}
    )

    assert json.loads(content)["data"]["sessions"][0]["ip_address"] == "127.0.0.1"


def test_there_is_at_least_one_worker():
    done = command("serve", "--workers", "0")

    assert done.returncode == 2
    assert "--workers" in done.stderr


def test_a_host_may_be_a_name():
    assert address_of("localhost") in ("127.0.0.1", "::1")
    assert address_of("0.0.0.0") == "0.0.0.0"  # noqa: S104
    assert address_of("::1") == "::1"


def test_a_host_that_is_none_is_refused_in_words():
    done = command("serve", HOST="no such host")

    assert done.returncode == 1
    assert "HOST=no such host" in done.stderr


def test_a_host_of_another_machine_is_refused_as_such():
    done = command("serve", HOST="192.0.2.1", PORT=str(free_port()))

    assert done.returncode == 1
    assert "HOST=192.0.2.1 is no address of this machine" in done.stderr
    assert "PORT" not in done.stderr


def test_a_port_that_needs_an_administrator_is_refused_as_such(monkeypatch):
    def bind(*_where):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ClickException, match="Port 80 is for the administrator"):
        refuse_a_port_in_use("127.0.0.1", 80)


@pytest.mark.parametrize(("port", "other"), [(5000, 5001), (65_535, 65_534)])
def test_the_port_that_is_offered_instead_is_one(monkeypatch, port, other):
    def bind(*_where):
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ClickException, match=f"PORT={other}\\."):
        refuse_a_port_in_use("127.0.0.1", port)


@pytest.mark.parametrize("arguments", [("-m", "flask", "doctor"), ("wsgi.py",)])
def test_refused_settings_are_a_list_for_whoever_typed_the_command(program, arguments):
    done = program(*arguments, FLASK_ENV="production")

    assert done.returncode == 2
    assert done.stderr.startswith("Gatehouse does not start until these settings are right:")
    assert "Traceback" not in done.stderr


def test_flask_says_in_words_what_manage_says(program):
    url = "postgresql://u:p@127.0.0.1:1/x"

    done = program("-m", "flask", "jobs", "list", DATABASE_URL=url)

    assert (done.returncode, done.stderr) == (1, command("jobs", "list", DATABASE_URL=url).stderr)
    assert "DATABASE_URL must name a server that runs" in done.stderr


def test_a_mistake_of_ours_keeps_its_traceback(program):
    done = program("-c", "from gatehouse.commands import *; speak_in_words(); 1 / 0")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("says", "remedy"),
    [
        ("failed to resolve host 'db': [Errno -2] Name or service not known", "can be found"),
        ("connection timeout expired", "can be reached"),
        ("server closed the connection unexpectedly", "a PostgreSQL server"),
        ('relation "users" does not exist', "python manage.py db upgrade"),
    ],
)
def test_what_the_database_says_comes_with_a_remedy(says, remedy):
    told = in_words(OperationalError(None, None, Exception(says)))

    assert told.startswith(f"The database says: {says}. ")
    assert remedy in told


def test_a_port_in_use_is_refused_in_words():
    """Two servers would share it, and their requests, at random."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("serve", PORT=port)

    assert done.returncode == 1
    assert f"Port {port}" in done.stderr


def test_preparing_says_nothing_of_being_ready_where_the_port_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        file = tmp_path / "new.db"
        done = command("prepare", PORT=port, DATABASE_URL=f"sqlite:///{file}")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {port}" in done.stderr
    assert not file.exists()
