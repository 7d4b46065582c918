"""What a database's note of its schema means for those who serve from it."""

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from gatehouse.core import schema
from gatehouse.core.schema import VERSIONS, Schema, our_revisions, schema_of, what_the_schema_lacks


def database(revision: str | None):
    engine = create_engine("sqlite://")
    with engine.begin() as db:
        db.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        if revision:
            db.execute(
                text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision}
            )
    return engine


def test_our_revisions_are_those_that_alembic_finds():
    scripts = ScriptDirectory(str(VERSIONS.parent))

    head, every = our_revisions()

    assert head == scripts.get_current_head()
    assert every == {script.revision for script in scripts.walk_revisions()}


@pytest.mark.parametrize(
    ("revision", "state", "serves"),
    [
        (None, Schema.MISSING, False),
        ("initial_1", Schema.OLDER, False),
        ("20270101_groups", Schema.CURRENT, True),
        ("20270201_of_the_next_version", Schema.NEWER, True),
        ("initial_2", Schema.FOREIGN, False),
    ],
)
def test_only_a_schema_of_ours_or_of_a_newer_version_serves(revision, state, serves, monkeypatch):
    """An older worker goes on in the middle of an upgrade."""
    known = frozenset({"initial_1", "20270101_groups"})
    monkeypatch.setattr(schema, "our_revisions", lambda: ("20270101_groups", known))
    engine = database(revision)

    with engine.connect() as db:
        assert schema_of(db) is state
    assert state.serves is serves
    assert (what_the_schema_lacks(engine) is None) is serves


def test_later_migrations_follow_the_initial_one(tmp_path, monkeypatch):
    (tmp_path / "0001_initial.py").write_text("revision = named()\ndown_revision = None\n")
    (tmp_path / "2_b.py").write_text('revision = "b"\ndown_revision = "a"\n')
    (tmp_path / "1_a.py").write_text('revision = "a"\ndown_revision = "initial_1"\n')
    monkeypatch.setattr(schema, "VERSIONS", tmp_path)
    monkeypatch.setattr(schema, "initial_revision", lambda: "initial_1")

    assert our_revisions.__wrapped__() == ("b", frozenset({"initial_1", "a", "b"}))


def test_a_database_that_is_away_is_not_said_to_lack_a_schema():
    engine = create_engine("postgresql+psycopg://x:y@127.0.0.1:1/nothing")

    assert what_the_schema_lacks(engine) is None
