"""Two installations that differ in one thing only: how many people there are."""

import secrets
import subprocess
import sys
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import perf_counter

from benchmarks.cores import Cores
from benchmarks.scale.filling import PASSWORD, Hashes, Past, Size, fill
from benchmarks.stage import NO_END, PROBE
from benchmarks.web import ROOT, WebServer
from gatehouse.accounts.adapters import Bcrypt
from tests.servers import PostgresServer, RedisServer

FULL_COST, CHEAPEST = 12, 4


class Town:
    """One installation: a database, its place in Redis, and what is in them."""

    def __init__(self, region: "Region", name: str, size: Size, redis: int) -> None:
        self.name = name
        self.past = Past(size, datetime.now(UTC))
        self.folder = region.folder / name
        self.cores = region.cores
        self.is_filled = False
        self._region = region
        self._redis = redis

    @property
    def size(self) -> Size:
        return self.past.size

    @property
    def dsn(self) -> str:
        return self._region.postgres.dsn(self.name)

    def settings(self, *, redis: bool = True, cheap: bool = False) -> dict[str, str]:
        """As in production, but that no limit is reached. ``cheap``: next to no password hash."""
        chosen = {
            "FLASK_ENV": "testing" if cheap else "production",
            "APP_URL": "http://localhost",
            "SECRET_KEY": self._region.secret,
            "ENCRYPTION_KEY": self._region.secret,
            "BCRYPT_LOG_ROUNDS": str(CHEAPEST if cheap else FULL_COST),
            "RATELIMIT_API": NO_END,
            "RATELIMIT_LOGIN": NO_END,
            "RATELIMIT_CLIENT": NO_END,
            "DATABASE_URL": self._region.postgres.url(self.name),
        }
        return chosen | ({"REDIS_URL": self._region.redis.url(self._redis)} if redis else {})

    def server(self, settings: dict[str, str]) -> WebServer:
        place = self.folder / "server"
        return WebServer(place, self.cores, "wsgi:app", settings=settings, probe=PROBE)

    def fill(self) -> float:
        """Returns how many seconds it took."""
        started, self.is_filled = perf_counter(), True
        took = fill(self.dsn, self.past, self._region.hashes)
        for table, seconds in took.items():
            print(f"  {self.name}: {table} {seconds:.1f} s", file=sys.stderr, flush=True)
        return perf_counter() - started


class Region:
    """PostgreSQL and Redis of our own below one folder, and both towns."""

    def __init__(self, folder: Path, cores: Cores, small: Size, large: Size) -> None:
        self.folder = folder
        self.cores = cores
        self.secret = secrets.token_hex(32)
        self.postgres = PostgresServer(folder / "postgres", durable=True)
        self.redis = RedisServer(folder / "redis")
        self.small = Town(self, "small", small, 0)
        self.large = Town(self, "large", large, 1)

    def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        self.postgres.create_database(self.small.name)
        subprocess.run(
            [sys.executable, "manage.py", "init-db"],
            cwd=ROOT,
            env=self.small.settings(),
            check=True,
            capture_output=True,
        )
        self.postgres.create_database(self.large.name, template=self.small.name)

    def close(self) -> None:
        self.redis.stop()
        self.postgres.stop()

    @cached_property
    def hashes(self) -> Hashes:
        full, cheap = (Bcrypt(cost).hash(PASSWORD.encode()) for cost in (FULL_COST, CHEAPEST))
        return Hashes(full, cheap)
