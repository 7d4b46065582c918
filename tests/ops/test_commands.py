"""The commands: preparing, seeding, the document of the API."""

import json
import sqlite3

import pytest
from sqlalchemy import func, select

from gatehouse.accounts.models import User
from gatehouse.core.roles import Role
from gatehouse.ops.service.demo import ORGANIZATIONS, PEOPLE
from gatehouse.organizations.models import Member, Organization

PRODUCTION = {
    "FLASK_ENV": "production",
    "SECRET_KEY": "kX9vQ2mT7pL4wZ8rB3nY6cF1hJ5dG0sA",
    "ENCRYPTION_KEY": "As0Gd5Jh1Fc6Yn3Br8Zw4Lp7Tm2Qv9Xk",
    "APP_URL": "https://id.example.org",
}


def counts(app) -> list[int]:
    with app.extensions["gatehouse"].reading() as db:
        return [
            db.scalar(select(func.count()).select_from(kind))
            for kind in (User, Organization, Member)
        ]


def invoke(app, *arguments: str):
    return app.test_cli_runner().invoke(args=list(arguments))


def test_the_database_is_made_and_brought_up_to_date(app_on, empty_database):
    app = app_on(empty_database)

    results = [invoke(app, "init-db") for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert "up to date" in results[0].output
    assert app.test_client().get("/api/health").status_code == 200


def test_a_fresh_installation_has_no_account(app_on, empty_database):
    """Threat 205."""
    app = app_on(empty_database)
    invoke(app, "init-db")

    assert counts(app) == [0, 0, 0]


def test_seeding_twice_adds_nothing_the_second_time(app_on, empty_database):
    app = app_on(empty_database)
    invoke(app, "init-db")

    first, second = invoke(app, "seed-demo"), invoke(app, "seed-demo")

    members = sum(1 + len(others) for *_, others in ORGANIZATIONS)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.output == "0 rows of demo data were new.\n"
    assert counts(app) == [len(PEOPLE), len(ORGANIZATIONS), members]


def test_everybody_of_the_demo_can_sign_in(app_on, empty_database):
    app = app_on(empty_database, RATELIMIT_LOGIN="1000/day")
    invoke(app, "init-db")
    invoke(app, "seed-demo")
    client = app.test_client()

    for email, _, password in PEOPLE:
        answer = client.post("/api/v1/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, email


def test_seeding_fills_in_what_is_missing(app_on, empty_database):
    app = app_on(empty_database)
    invoke(app, "init-db")
    invoke(app, "seed-demo")
    with app.extensions["gatehouse"].writing() as db:
        db.delete(db.scalars(select(Member).where(Member.role == Role.GUEST)).one())
        db.commit()

    assert invoke(app, "seed-demo").output == "1 rows of demo data were new.\n"


def test_production_wants_a_yes_for_known_passwords(app_on, empty_database):
    """Threat 205."""
    app = app_on(empty_database, **PRODUCTION)
    invoke(app, "init-db")

    refused = invoke(app, "seed-demo")

    assert refused.exit_code == 1
    assert "--yes" in refused.output
    assert counts(app) == [0, 0, 0]


def test_preparing_is_for_development(app_on, empty_database):
    app = app_on(empty_database, **PRODUCTION)

    refused = invoke(app, "prepare")

    assert refused.exit_code == 1
    assert "flask db upgrade" in refused.output
    assert app.test_client().get("/api/health").status_code == 503


def test_preparing_makes_everything_ready_and_can_be_repeated(app_on, tmp_path):
    app = app_on(f"sqlite:///{tmp_path / 'new' / 'gatehouse.db'}")

    results = [invoke(app, "prepare") for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert "older version" not in "".join(result.output for result in results)
    email, _, password = PEOPLE[0]
    assert f"{email} / {password}" in results[0].output
    assert counts(app)[0] == len(PEOPLE)
    assert not list(tmp_path.rglob("*.old"))


def test_preparing_tells_no_password_of_the_database(app_on, backend, empty_database):
    app = app_on(empty_database)

    result = invoke(app, "prepare")

    assert result.exit_code == 0
    if empty_database.startswith("postgresql"):
        assert empty_database.split(":")[2].split("@")[0] not in result.output


def test_a_database_of_an_older_version_is_set_aside_whole(app_on, tmp_path):
    """Ruling 12."""
    path = tmp_path / "gatehouse.db"
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        old.execute("INSERT INTO alembic_version VALUES ('20250101_older')")
        old.execute("CREATE TABLE users (name TEXT)")
        old.execute("INSERT INTO users VALUES ('Ada')")
    old.close()
    app = app_on(f"sqlite:///{path}")

    result = invoke(app, "prepare")

    assert result.exit_code == 0, result.output
    assert "older version" in result.output
    assert "gatehouse.db.old" in result.output
    kept = sqlite3.connect(f"{path}.old")
    assert kept.execute("SELECT name FROM users").fetchall() == [("Ada",)]
    kept.close()
    assert counts(app)[0] == len(PEOPLE)


def test_the_document_of_the_api_is_written_to_a_file(app_on, tmp_path):
    app = app_on(f"sqlite:///{tmp_path / 'x.db'}")
    path = tmp_path / "openapi.json"

    printed = invoke(app, "openapi")
    written = invoke(app, "openapi", "--write", str(path))

    assert written.exit_code == 0
    assert path.read_text() == printed.output
    document = json.loads(printed.output)
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/auth/login" in document["paths"]
    served = app.test_client().get("/api/openapi.json")
    assert served.json == document


def test_the_document_is_the_same_every_time(app_on, tmp_path):
    one, other = (invoke(app_on(f"sqlite:///{tmp_path / 'x.db'}"), "openapi") for _ in range(2))

    assert one.output == other.output


@pytest.mark.integration
@pytest.mark.parametrize(
    ("make", "seed"),
    [
        (["scripts/init_db.py"], ["-m", "scripts.seed_data"]),
        (["-m", "scripts.init_db"], ["scripts/seed_data.py"]),
    ],
)
def test_the_scripts_run_as_files_and_as_modules(program, make, seed):
    made, seeded = program(*make), program(*seed)

    assert (made.returncode, seeded.returncode) == (0, 0), made.stderr + seeded.stderr
    assert "up to date" in made.stdout
    assert "rows of demo data were new" in seeded.stdout
