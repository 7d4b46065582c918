"""The commands: preparing, seeding, the document of the API."""

import json
import os
import sqlite3

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import delete, func, select, text, update

from gatehouse.accounts.models import User
from gatehouse.core.migrations import SchemaUnknown
from gatehouse.core.roles import Role
from gatehouse.core.settings import ROOT
from gatehouse.departments.models import DepartmentMember
from gatehouse.ops.service.demo import ORGANIZATIONS, PEOPLE
from gatehouse.organizations.models import Member, Organization
from gatehouse.outbox.models import Message
from tests.commanding import command
from tests.processes import free_port

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
    assert counts(app) == [0, 0, 0]  # Threat 205.


def test_the_demo_is_an_organization_that_works(app_on, empty_database):
    app = app_on(empty_database, RATELIMIT_LOGIN="1000/day")
    invoke(app, "init-db")
    seeded = invoke(app, "seed-demo")
    client = app.test_client()

    members = sum(1 + len(others) for *_, others in ORGANIZATIONS)
    assert seeded.exit_code == 0
    assert counts(app) == [len(PEOPLE), len(ORGANIZATIONS), members]
    tokens = {}
    for email, _, password in PEOPLE:
        answer = client.post("/api/v1/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, email
        tokens[email] = answer.json["data"]["token"]
    headers = {"Authorization": f"Bearer {tokens['bob@acme-corp.com']}"}
    [org] = client.get("/api/v1/users/me/memberships", headers=headers).json["data"]["orgs"]
    assert [department["name"] for department in org["departments"]] == ["Engineering"]
    assert [principal["name"] for principal in org["principals"]] == ["deploy"]


def test_seeding_adds_what_is_missing_and_nothing_else(app_on, empty_database):
    """Whatever somebody did with the demo in the meantime."""
    app = app_on(empty_database)
    invoke(app, "init-db")
    invoke(app, "seed-demo")

    again = invoke(app, "seed-demo")
    with app.extensions["gatehouse"].writing() as db:
        db.delete(db.scalars(select(Member).where(Member.role == Role.GUEST)).one())
        db.commit()
    without_a_guest = invoke(app, "seed-demo")
    with app.extensions["gatehouse"].writing() as db:
        db.execute(update(Member).where(Member.role == Role.MEMBER).values(role=Role.GUEST))
        db.execute(delete(DepartmentMember))
        db.commit()
    after_changes = invoke(app, "seed-demo")
    with app.extensions["gatehouse"].writing() as db:
        gone = db.scalars(select(Member).where(Member.role == Role.OWNER)).first()
        db.execute(delete(Member).where(Member.id == gone.id))
        db.commit()
    without_an_owner = invoke(app, "seed-demo")

    runs = (again, without_a_guest, after_changes, without_an_owner)
    assert [result.output.split()[0] for result in runs] == ["0", "1", "2", "1"]
    assert without_an_owner.exit_code == 0


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
    assert "python manage.py db upgrade" in refused.output
    assert app.test_client().get("/api/health").status_code == 503


def test_preparing_makes_everything_ready_and_can_be_repeated(app_on, tmp_path):
    app = app_on(f"sqlite:///{tmp_path / 'gatehouse.db'}")

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


@pytest.mark.parametrize("name", ["check", "current", "downgrade"])
def test_who_only_looks_makes_no_database(tmp_path, name):
    path = tmp_path / "missing.db"

    done = command("db", name, DATABASE_URL=f"sqlite:///{path}")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"There is no file {path}" in done.stderr
    assert not path.exists()


def test_a_database_that_is_there_is_checked(app_on, tmp_path):
    app = app_on(f"sqlite:///{tmp_path / 'there.db'}")
    invoke(app, "init-db")

    checked = invoke(app, "db", "check")

    told = f"Database, migrations and models agree: all are at {REVISION}.\n"
    assert (checked.exit_code, checked.output) == (0, told)


def test_what_does_not_agree_is_named(app_on, empty_database):
    app = app_on(empty_database)
    missing = invoke(app, "db", "check")
    invoke(app, "init-db")
    with app.extensions["gatehouse"].engine.begin() as database:
        database.execute(text("CREATE TABLE other (id INTEGER PRIMARY KEY)"))

    checked = invoke(app, "db", "check")

    assert (missing.exit_code, checked.exit_code) == (1, 1)
    assert "Make it: python manage.py db upgrade" in missing.output
    assert "The models have what the migrations lack" in checked.output
    assert "'other'" in checked.output


def test_commands_for_another_kind_of_project_are_not_there(app_on, tmp_path):
    app = app_on(f"sqlite:///{tmp_path / 'x.db'}")

    listed = invoke(app, "db", "--help").output

    assert "  upgrade " in listed
    for name in ("init", "edit", "merge", "list-templates"):
        assert f"  {name} " not in listed
        assert invoke(app, "db", name).exit_code == 2


REVISION = ScriptDirectory(str(ROOT / "migrations")).get_current_head()


def test_upgrading_says_what_it_did(app_on, empty_database):
    app = app_on(empty_database)

    first, second = (invoke(app, "db", "upgrade") for _ in range(2))

    assert first.output == f"The schema went from nothing to {REVISION}.\n"
    assert second.output == f"Nothing to do: the schema is at {REVISION}.\n"


def test_downgrading_in_production_wants_a_yes_and_names_the_loss(app_on, empty_database):
    app = app_on(empty_database, **PRODUCTION)
    invoke(app, "init-db")

    refused = invoke(app, "db", "downgrade")
    still_there = counts(app)
    done = invoke(app, "db", "downgrade", "--yes")
    again = invoke(app, "db", "downgrade", "--yes")

    assert refused.exit_code == 1
    assert "--yes" in refused.output
    assert "the record too" in refused.output
    assert still_there == [0, 0, 0]
    assert (done.exit_code, again.exit_code) == (0, 0)
    assert done.output == f"The schema went from {REVISION} to nothing.\n"
    assert again.output == "Nothing to do: there is no schema.\n"
    assert app.test_client().get("/api/health").status_code == 503


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize(("answer", "told"), [("n", "Aborted"), ("y", "to nothing")])
def test_downgrading_in_production_asks_at_a_terminal(program, tmp_path, answer, told):
    settings = {**PRODUCTION, "DATABASE_URL": f"sqlite:///{tmp_path / 'asked.db'}"}
    command("init-db", **settings)
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())

    done = program("manage.py", "db", "downgrade", stdin=theirs, **settings)

    os.close(ours)
    os.close(theirs)
    assert "Go on?" in done.stdout
    assert told in done.stdout + done.stderr


def test_in_development_a_schema_goes_without_a_question(app_on, empty_database):
    app = app_on(empty_database)
    invoke(app, "init-db")

    assert invoke(app, "db", "downgrade").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["init-db"], ["db", "upgrade"], ["db", "downgrade"], ["db", "check"]]
)
def test_a_schema_of_another_version_is_named_in_words(app_on, empty_database, arguments):
    app = app_on(empty_database)
    with app.extensions["gatehouse"].engine.connect() as old:
        old.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        old.execute(text("INSERT INTO alembic_version VALUES ('20250101_older')"))
        old.commit()

    refused = invoke(app, *arguments)

    assert isinstance(refused.exception, SchemaUnknown)
    assert "20250101_older" in str(refused.exception)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "content", "told"),
    [
        (["prepare"], b"no database, but a text about one", "of another kind"),
        (["init-db"], b"no database, but a text about one", "of another kind"),
        (["openapi", "--write", "{folder}/not/there.json"], b"", "cannot be written"),
        (["openapi", "--write", "{folder}"], b"", "cannot be written"),
        (["db", "upgrade"], "20250101_older", "of another version"),
        (["init-db"], "20250101_older", "of another version"),
        (["init-db"], "", "Name an empty database"),
    ],
)
def test_what_goes_wrong_is_one_line_with_the_remedy(tmp_path, arguments, content, told):
    path = tmp_path / "some.db"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as old:
            old.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
            old.execute("CREATE TABLE audit_entries (id TEXT)")
            if content:
                old.execute("INSERT INTO alembic_version VALUES (?)", [content])
        old.close()
    settings = {"DATABASE_URL": f"sqlite:///{path}", "PORT": str(free_port())}

    done = command(*(part.format(folder=tmp_path) for part in arguments), **settings)

    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.integration
def test_the_scripts_run_as_files_and_as_modules(program):
    made, seeded = program("scripts/init_db.py"), program("-m", "scripts.seed_data")

    assert (made.returncode, seeded.returncode) == (0, 0), made.stderr + seeded.stderr
    assert "up to date" in made.stdout
    assert "rows of demo data were new" in seeded.stdout


def test_nobody_is_mailed_about_people_of_a_demo(make_app, tmp_path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'quiet.db'}", REDIS_URL="")
    app.test_cli_runner().invoke(args=["init-db"])
    app.test_cli_runner().invoke(args=["seed-demo"])

    with app.extensions["gatehouse"].reading() as db:
        assert db.scalar(select(func.count()).select_from(Message)) == 0
        assert db.scalar(select(func.count()).select_from(User)) == len(PEOPLE)


@pytest.mark.slow
@pytest.mark.integration
def test_flask_runs_jobs_only_where_it_serves(program, tmp_path):
    """What a machine reads is the command's answer alone."""
    url = f"sqlite:///{tmp_path / 'alone.db'}"
    settings = {"DATABASE_URL": url, "RUN_JOBS_WHILE_SERVING": "true", "LOG_LEVEL": "info"}
    assert command("init-db", **settings).returncode == 0

    done = program("-m", "flask", "audit", "verify", "--json", **settings)

    assert "worker" not in done.stdout + done.stderr
    assert json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("before", [(), ("--app", "wsgi:app")])
def test_running_one_job_starts_no_worker(program, before):
    settings = {"RUN_JOBS_WHILE_SERVING": "true", "LOG_LEVEL": "info"}
    program("manage.py", "init-db")

    done = program("-m", "flask", *before, "jobs", "run", "purge_expired", **settings)

    assert "purge_expired: 0 done." in done.stdout
    assert "The worker runs" not in done.stdout + done.stderr
