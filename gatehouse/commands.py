"""The command line: ``flask`` with our application, ``serve``, and refused settings in words."""

import sys
from types import TracebackType

import click
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy.exc import DBAPIError

from gatehouse import __version__
from gatehouse.core import logging
from gatehouse.core.causes import cause_of, remedy_for
from gatehouse.core.db import make_engine
from gatehouse.core.listening import address_of, refuse_a_port_in_use
from gatehouse.core.migrations import SchemaUnknown
from gatehouse.core.schema import say_what_is_missing
from gatehouse.core.settings import SettingsRefused, read_settings

VERSION = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, asked: _say_version(ctx) if asked else None,
    help="Say which version of Gatehouse this is.",
)
AT_LEAST_ONE = click.IntRange(min=1)
SAID = (SettingsRefused, DBAPIError, SchemaUnknown)


def main(arguments: list[str]) -> int:
    """Run ``flask ARGUMENTS``; return the exit status: 2 if the settings are refused."""
    group = FlaskGroup(create_app=_create_app, add_version_option=False, params=[VERSION])
    group.add_command(serve)
    try:
        if arguments[:1] != ["--version"]:  # Which one it is counts most where nothing works.
            read_settings()
        group.main(args=arguments)
    except SAID as error:
        sys.stderr.write(f"{in_words(error)}\n")
        return 2 if isinstance(error, SettingsRefused) else 1
    return 0


def in_words(error: BaseException) -> str:
    """What went wrong, and what to do, for one of SAID."""
    if not isinstance(error, DBAPIError):
        return str(error)
    return f"The database says: {cause_of(error)}. {remedy_for(error)}"


def speak_in_words() -> None:
    """Let the process say so itself where ``main`` is not around it: under ``flask`` alone."""
    theirs = sys.excepthook

    def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, SAID):
            sys.stderr.write(f"{in_words(error)}\n")
        else:
            theirs(kind, error, trace)

    sys.excepthook = say


def _say_version(ctx: click.Context) -> None:
    click.echo(f"Gatehouse {__version__}")
    ctx.exit()


@click.command("serve")
@click.option(
    "--workers",
    type=AT_LEAST_ONE,
    default=1,
    show_default=True,
    help="How many processes, each of SERVER_THREADS.",
)
def serve(*, workers: int) -> None:
    """Serve with granian, on HOST and PORT."""
    settings = read_settings()
    address = address_of(settings.host)
    refuse_a_port_in_use(address, settings.port)
    from gatehouse.serving import serve_with_granian  # noqa: PLC0415 - other commands do without

    logging.install(settings)
    say_what_is_missing(settings, make_engine(settings.database_url))
    serve_with_granian(settings, address, workers=workers)


def _create_app() -> Flask:
    """The application, imported for the commands that need it: serving builds its own."""
    from gatehouse.app import create_app  # noqa: PLC0415

    try:
        return create_app()
    except OSError as error:
        raise click.ClickException(
            f"DATABASE_URL: {error.filename} cannot be made a folder ({error.strerror})."
            " Name a file in a folder that you may write to."
        ) from None
