"""Commands on certificate authorities."""

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Origin, Runtime, unit_of_work
from gatehouse.core.crypto import CannotOpen
from gatehouse.ssh_certificates import service

ORIGIN, OPERATOR = Origin("ca"), Actor(kind="operator")


@click.group("ca")
def ca() -> None:
    """SSH certificate authorities."""


@ca.command("rewrap")
@with_appcontext
def rewrap() -> None:
    """Seal their keys anew.

    After another key was put first into CA_ENCRYPTION_KEY (the old one stays behind it until then).
    """
    runtime: Runtime = current_app.extensions["gatehouse"]
    try:
        with unit_of_work(runtime, ORIGIN, OPERATOR) as ctx:
            changed = service.rewrap(ctx)
    except CannotOpen as error:
        says = "CA_ENCRYPTION_KEY lacks the key that sealed one of them. Nothing was changed."
        raise click.ClickException(says) from error
    click.echo(f"{changed} keys sealed anew.")
