"""Flask-Migrate, imported only when a ``flask db`` command asks for it: it costs a second."""

from functools import cached_property
from typing import Any

import click
from flask import g
from flask.cli import with_appcontext

from gatehouse.core.db import Model
from gatehouse.core.settings import ROOT


class LazyMigrate:
    """What Flask-Migrate looks for in ``app.extensions``; ``migrations/env.py`` asks the rest."""

    directory = str(ROOT / "migrations")
    metadata = Model.metadata

    @cached_property
    def migrate(self) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415

        return Migrate(directory=self.directory)


class DatabaseCommands(click.Group):
    """``flask db``: Flask-Migrate's own commands, loaded when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._theirs().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._theirs().get_command(ctx, cmd_name)

    def _theirs(self) -> click.Group:
        from flask_migrate.cli import db  # noqa: PLC0415

        group: click.Group = db
        return group


@with_appcontext
def _as_configured() -> None:
    """What Flask-Migrate's own group would note of its options: none were given."""
    g.directory, g.x_arg = None, ()


database_commands = DatabaseCommands(
    "db", callback=_as_configured, help="Migrations: upgrade, downgrade, check, migrate."
)
