"""Commands on signing keys."""

from time import sleep

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.signing_keys import service
from gatehouse.signing_keys.errors import RotationUnderWay
from gatehouse.signing_keys.queries import BELIEVED

ORIGIN, OPERATOR = Origin("rotate-keys"), Actor(kind="operator")


@click.group("oidc")
def oidc() -> None:
    """The OpenID provider. Higher domains add commands of their own."""


@oidc.command("rotate-keys")
@click.option("--planned", is_flag=True, help="In an hour, with nothing lost.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def rotate_keys(*, planned: bool, yes: bool) -> None:
    """Replace all signing keys at once, in an emergency.

    All tokens that were signed until now count for nothing. Keys are rotated without that every
    90 days by themselves, and with --planned when you want it: new keys are published now, and sign
    when everybody knows them; the old ones count as long as anything that they signed.
    """
    runtime: Runtime = current_app.extensions["gatehouse"]
    if planned:
        _plan(runtime)
        return
    if not yes:
        click.confirm("All tokens issued until now will be refused. Go on?", abort=True)
    with unit_of_work(runtime, ORIGIN, OPERATOR) as ctx:
        dropped = service.replace_all(ctx)
    sleep(BELIEVED)  # Until no worker goes by the old ones.
    click.echo(f"{dropped} keys dropped, new ones are active.")


def _plan(runtime: Runtime) -> None:
    try:
        with unit_of_work(runtime, ORIGIN, OPERATOR) as ctx:
            at = service.plan_successors(ctx)
    except RotationUnderWay as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo("New keys are published. The hourly job rotate_signing_keys lets them take over")
    click.echo(f"when it runs next after {at:%Y-%m-%d %H:%M:%S} UTC.")
