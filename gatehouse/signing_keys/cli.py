"""Commands on signing keys."""

from time import sleep

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Origin, Runtime, unit_of_work
from gatehouse.signing_keys import service
from gatehouse.signing_keys.queries import BELIEVED


@click.group("oidc")
def oidc() -> None:
    """The OpenID provider. Higher domains add commands of their own."""


@oidc.command("rotate-keys")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def rotate_keys(*, yes: bool) -> None:
    """Replace all signing keys at once, in an emergency.

    All tokens that were signed until now count for nothing. Keys are rotated without that every
    90 days by themselves.
    """
    if not yes:
        click.confirm("All tokens issued until now will be refused. Go on?", abort=True)
    runtime: Runtime = current_app.extensions["gatehouse"]
    with unit_of_work(runtime, Origin("rotate-keys"), Actor(kind="operator")) as ctx:
        dropped = service.replace_all(ctx)
    sleep(BELIEVED)  # Until no worker goes by the old ones.
    click.echo(f"{dropped} keys dropped, new ones are active.")
