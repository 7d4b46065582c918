"""What the measurements stand on: databases with demo data, Gatehouse on them, and its peers."""

import json
import secrets
import subprocess
import sys
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.cores import Cores
from benchmarks.web import ROOT, WebServer
from gatehouse.ops.service.demo import PEOPLE
from tests.servers import PostgresServer, RedisServer

PROBE = "/api/health/ready"
# Limits are counted as ever, and reached never.
NO_END = "1000000000/minute"
MOST_CALLS = "1000000/second"  # that a client may have


class Stage:
    """Starts what is asked for, when it is asked for, in one folder. ``close`` ends all of it."""

    def __init__(self, folder: Path, cores: Cores) -> None:
        self.cores = cores
        self._folder = folder
        self._databases: list[PostgresServer | RedisServer] = []
        self._prepared: set[str] = set()
        # What somebody made of the demo data, to be made once.
        self.parties: dict[str, Any] = {}
        self._secret = secrets.token_hex(32)

    def close(self) -> None:
        for database in self._databases:
            database.stop()

    def bare(self, program: str = "granian") -> WebServer:
        """The bare Flask view, not started yet."""
        return WebServer(self.place("bare"), self.cores, "benchmarks.bare:app", program=program)

    def raw(self) -> WebServer:
        """A WSGI callable without a framework, not started yet."""
        return WebServer(self.place("raw"), self.cores, "benchmarks.raw:app")

    def gatehouse(self, backend: str, program: str = "granian") -> WebServer:
        """Gatehouse on a database with demo data, not started yet."""
        settings = self.prepare(backend)
        return WebServer(
            self.place(f"gatehouse-{backend}"),
            self.cores,
            "wsgi:app",
            program=program,
            settings=settings,
            probe=PROBE,
        )

    def settings(self, backend: str) -> dict[str, str]:
        """The environment of Gatehouse: production, except that no limit is reached.

        The backend is ``sqlite``, ``postgresql``, or ``redis`` for PostgreSQL and Redis.
        """
        chosen = {
            "FLASK_ENV": "production",
            "APP_URL": "http://localhost",
            "SECRET_KEY": self._secret,
            "ENCRYPTION_KEY": self._secret,
            "RATELIMIT_API": NO_END,
            "RATELIMIT_LOGIN": NO_END,
            "RATELIMIT_CLIENT": NO_END,
            "RATELIMIT_SSH_SIGN": NO_END,
            "RATELIMIT_SSH_FILES": NO_END,
        }
        if backend == "sqlite":
            return chosen | {"DATABASE_URL": f"sqlite:///{self._folder / 'gatehouse.db'}"}
        chosen["DATABASE_URL"] = self._postgres.url()
        return chosen | {"REDIS_URL": self._redis.url()} if backend == "redis" else chosen

    def database(self, name: str) -> str:
        """A database for somebody else in our PostgreSQL, made when it is first asked for."""
        if name not in self._prepared:
            self._postgres.create_database(name)
            self._prepared.add(name)
        return self._postgres.url(name)

    @cached_property
    def _postgres(self) -> PostgresServer:
        # Durable as in production: signing in commits.
        return self._start(PostgresServer(self.place("postgres"), durable=True))

    @cached_property
    def _redis(self) -> RedisServer:
        return self._start(RedisServer(self.place("redis")))

    def _start(self, database: Any) -> Any:
        database.start()
        self._databases.append(database)
        return database

    def prepare(self, backend: str) -> dict[str, str]:
        """Fill the database, if it was not used before, and return the settings for it."""
        settings = self.settings(backend)
        if settings["DATABASE_URL"] in self._prepared:
            return settings
        for command in (("init-db",), ("seed-demo", "--yes")):
            subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=settings,
                check=True,
                capture_output=True,
            )
        self._prepared.add(settings["DATABASE_URL"])
        return settings

    def place(self, name: str) -> Path:
        return self._folder / name


def credentials() -> list[bytes]:
    """The bodies with which the demo people sign in, one each."""
    return [
        json.dumps({"email": email, "password": password}).encode() for email, _, password in PEOPLE
    ]


def sign_in(server: WebServer) -> str:
    """Sign the first of the demo people in and return the token."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/auth/login", credentials()[0], headers)
    answer = connection.getresponse().read()
    connection.close()
    token: str = json.loads(answer)["data"]["token"]
    return token
