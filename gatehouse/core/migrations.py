"""Flask-Migrate, imported only when a ``db`` command asks for it: it costs a second."""

import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any

import click
from flask import current_app, g
from flask.cli import with_appcontext
from sqlalchemy import Engine

from gatehouse.core.db import Model, missing_file
from gatehouse.core.settings import ROOT

CHANGES = ("upgrade", "downgrade")
LOOKS = ("check", "current", "migrate", "stamp")
# Flask-Migrate's own for who begins with it, or keeps several lines of migrations.
NOT_HERE = ("branches", "edit", "init", "list-templates", "merge")
LOSS = "This drops tables with everything in them, the record too, and nothing brings it back."


class SchemaUnknown(RuntimeError):
    """The database was made by a version of Gatehouse whose migrations are not here."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database has a schema of another version of Gatehouse ({revision})."
            " Use the version that made it, or name an empty database in DATABASE_URL."
        )


class LazyMigrate:
    """What Flask-Migrate looks for in ``app.extensions``; ``migrations/env.py`` asks the rest."""

    directory = str(ROOT / "migrations")
    metadata = Model.metadata

    @cached_property
    def migrate(self) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415

        return Migrate(directory=self.directory)

    def head(self) -> str | None:
        found: str | None = self._scripts().get_current_head()
        return found

    def revision_of(self, engine: Engine) -> str | None:
        """Where the schema stands. Raises SchemaUnknown if we have no such migration."""
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        ours = {script.revision for script in self._scripts().walk_revisions()}
        if found is not None and found not in ours:
            raise SchemaUnknown(found)
        return found

    def _scripts(self) -> Any:
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - a second of import

        return ScriptDirectory.from_config(self.migrate.get_config(self.directory))


class DatabaseCommands(click.Group):
    """``python manage.py db``: Flask-Migrate's own commands, loaded when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in self._theirs().list_commands(ctx) if name not in NOT_HERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        theirs = None if cmd_name in NOT_HERE else self._theirs().get_command(ctx, cmd_name)
        if theirs is None or cmd_name not in (*CHANGES, *LOOKS):
            return theirs
        options = [YES] if cmd_name == "downgrade" else []
        run = theirs.callback or theirs.main
        if cmd_name in CHANGES:
            run = _told(run)
        if cmd_name != "upgrade":
            run = _on_a_database_that_is_there(run)
        return click.Command(
            cmd_name, callback=run, params=[*theirs.params, *options], help=theirs.help
        )

    def _theirs(self) -> click.Group:
        from flask_migrate.cli import db  # noqa: PLC0415

        group: click.Group = db
        return group


YES = click.Option(["--yes"], is_flag=True, help="Lose the data, without a question.")


def _on_a_database_that_is_there(theirs: Callable[..., None]) -> Callable[..., None]:
    """Their command, which would make a file of SQLite that it only wants to look into."""

    def run(**options: Any) -> None:
        missing = missing_file(current_app.extensions["gatehouse"].settings.database_url)
        if missing:
            raise click.ClickException(
                f"There is no file {missing}. Make it: python manage.py db upgrade. If there was"
                " one, correct DATABASE_URL."
            )
        theirs(**options)

    return run


def _told(theirs: Callable[..., Any]) -> Callable[..., None]:
    """Their command, which asks before data is lost and says what it did."""

    def run(*, yes: bool = True, **options: Any) -> None:
        runtime = current_app.extensions["gatehouse"]
        migrations: LazyMigrate = current_app.extensions["migrate"]
        before = migrations.revision_of(runtime.engine)
        if before is None and options["revision"] == "-1":
            click.echo("Nothing to do: there is no schema.")
            return
        if runtime.settings.in_production and not yes:
            _ask_for_consent()
        theirs(**options)
        after = migrations.revision_of(runtime.engine)
        if before == after:
            click.echo(f"Nothing to do: the schema is at {after or 'its very beginning'}.")
        else:
            click.echo(f"The schema went from {before or 'nothing'} to {after or 'nothing'}.")

    return run


def _ask_for_consent() -> None:
    if not sys.stdin.isatty():
        raise click.ClickException(f"{LOSS} In production say --yes.")
    click.confirm(f"{LOSS} Go on?", abort=True)


@with_appcontext
def _as_configured() -> None:
    """What Flask-Migrate's own group would note of its options: none were given."""
    g.directory, g.x_arg = None, ()


database_commands = DatabaseCommands(
    "db", callback=_as_configured, help="Migrations: upgrade, downgrade, check, migrate."
)
