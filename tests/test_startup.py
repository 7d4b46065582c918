"""Starting: quickly, with nothing that only some need, and with words when it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.core.settings import ROOT
from tests.commanding import command

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HEAVY = (
    *("alembic", "flask_migrate", "redis", "psycopg", "sqlite3.dump", "zxcvbn"),
    *("email_validator", "argon2", "dns", "pydantic", "requests", "jinja2.ext", "hypothesis"),
    *("httpcore2", "h11", "concurrent.futures.thread", "celery", "babel"),
)
LOOK = """
import sys
from gatehouse.app import create_app
from tests.commanding import command
app = create_app()
client = app.test_client()
assert client.get("/api/health/live").status_code == 200
assert client.get("/.well-known/openid-configuration").json["ui_locales_supported"] == ["de", "en"]
print(*sorted(name for name in sys.modules))
"""
PRODUCTION = {
    "FLASK_ENV": "production",
    "SECRET_KEY": "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA",
    "ENCRYPTION_KEY": "As0Gd5Jh1Fc6Yn3Br8Zw4Lp7Tm2Qv9Xk",
    "APP_URL": "https://id.example.org",
    "DATABASE_URL": "postgresql://gatehouse:x@127.0.0.1:1/gatehouse",
}


def python(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=kept | settings,
        timeout=50,
    )


def test_only_what_every_request_needs_is_imported_at_the_start(tmp_path: Path):
    done = python("-c", LOOK, FLASK_ENV="testing", DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}")

    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "gatehouse.registry" in loaded
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_starting_asks_nothing_of_the_database_or_of_redis():
    code = "from gatehouse.app import create_app; create_app(); print('made')"

    done = python("-c", code, **PRODUCTION, REDIS_URL="redis://127.0.0.1:1/0")

    assert done.stdout == "made\n", done.stderr


def test_importing_the_package_reads_no_settings():
    done = python("-c", "import gatehouse.app; print('imported')", FLASK_ENV="nonsense")

    assert done.stdout == "imported\n", done.stderr


WEAK = {"FLASK_ENV": "production", "SECRET_KEY": "hunter2", "APP_URL": "http://id.example.org"}


@pytest.mark.parametrize(
    "arguments",
    [["manage.py"], ["scripts/init_db.py"]],
    ids=" ".join,
)
def test_settings_that_are_refused_are_named_in_words(arguments):
    """Threat 76: it exits, and tells all that is wrong without a trace."""
    done = python(*arguments, **WEAK)

    said = done.stdout + done.stderr
    assert done.returncode != 0
    for name in ("SECRET_KEY", "ENCRYPTION_KEY", "DATABASE_URL", "APP_URL"):
        assert name in said
    assert "Traceback" not in said
    assert "hunter2" not in said


def test_a_limit_that_cannot_be_read_is_named_in_words():
    done = command("routes", **PRODUCTION, RATELIMIT_LOGIN="a lot")

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "RATELIMIT_LOGIN" in said
    assert "Traceback" not in said
