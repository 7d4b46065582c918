"""The command line: ``flask`` with our application, ``serve``, and refused settings in words."""

import socket
import sys

import click
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy.exc import DBAPIError

from gatehouse.core import logging
from gatehouse.core.db import make_engine
from gatehouse.core.migrations import SchemaUnknown
from gatehouse.core.schema import say_what_is_missing
from gatehouse.core.settings import SettingsRefused, read_settings

NO_SCHEMA = "Is it there, and up to date? python manage.py db upgrade brings the schema up."
AT_LEAST_ONE = click.IntRange(min=1)
# What to do, by a part of what the database says.
REMEDIES = {
    "not a database": "DATABASE_URL names a file of another kind. Name another, or move it away.",
    "unable to open": "DATABASE_URL must name a file, in a folder that you may write to.",
    "already exists": "It holds tables without the note of their version. Name an empty database.",
    "password authentication": "DATABASE_URL must hold the password that the server knows.",
    "onnection refused": "DATABASE_URL must name a server that runs, and its port.",
    "could not translate": "DATABASE_URL must name a host that can be found.",
    "FATAL:  database": "DATABASE_URL must name a database that is there: createdb makes one.",
    "readonly": "DATABASE_URL must name a file that you may write to.",
}


def main(arguments: list[str]) -> int:
    """Run ``flask ARGUMENTS``; return the exit status: 2 if the settings are refused."""
    group = FlaskGroup(create_app=_create_app)
    group.add_command(serve)
    try:
        read_settings()
        group.main(args=arguments)
    except SettingsRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    except DBAPIError as error:
        cause = str(error.orig).strip().splitlines()[0]
        remedy = next((text for part, text in REMEDIES.items() if part in cause), NO_SCHEMA)
        sys.stderr.write(f"The database says: {cause}. {remedy}\n")
        return 1
    except SchemaUnknown as unknown:
        sys.stderr.write(f"{unknown}\n")
        return 1
    return 0


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


def address_of(host: str) -> str:
    """The IP address that HOST stands for, of IPv4 if it has one: granian takes no names."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise click.ClickException(
            f"HOST={host} is no address of this machine ({error.strerror})."
            " Use 127.0.0.1 for this machine alone, or 0.0.0.0 for its networks."
        ) from None
    addresses = [str(place[0]) for *_, place in found]
    return next((address for address in addresses if ":" not in address), addresses[0])


def refuse_a_port_in_use(host: str, port: int) -> None:
    """Raise if somebody listens there: granian would share the port, and the requests, silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} of {host} cannot be used ({error.strerror}), perhaps because another"
                f" Gatehouse serves there. Stop that one, or choose another port: PORT={port + 1}."
            ) from None


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
