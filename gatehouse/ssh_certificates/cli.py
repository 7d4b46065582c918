"""Commands on certificate authorities."""

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.crypto import CannotOpen
from gatehouse.ssh_ca.models import AuthorityKind
from gatehouse.ssh_ca.queries import organizations_that_sign
from gatehouse.ssh_ca.service import distrust
from gatehouse.ssh_certificates import service

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime

ORIGIN, OPERATOR = Origin("ca"), Actor(kind="operator")
REASON = "No certificate from before counts any more."


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


@ca.command("distrust")
@click.option("--hosts", is_flag=True, help="Certificates of machines, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def distrust_all(*, hosts: bool, yes: bool) -> None:
    """Let nothing count that was signed until now, anywhere.

    For when the database was restored from a copy: what was revoked after the copy was made is not
    revoked in it, and serials would be given out twice. Every authority goes on with a new key.
    People get a new certificate by themselves; machines with the next list.
    """
    if not yes:
        click.confirm(
            "No certificate that was signed until now will open anything. Go on?", abort=True
        )
    runtime: Runtime = current_app.extensions["gatehouse"]
    kinds = [AuthorityKind.USER, *([AuthorityKind.HOST] if hosts else [])]
    with unit_of_work(runtime, ORIGIN, OPERATOR, reads_only=True) as ctx:
        org_ids = organizations_that_sign(ctx, kinds)
    ended = 0
    for org_id in org_ids:
        with unit_of_work(runtime, ORIGIN, OPERATOR) as ctx:
            ended += distrust(ctx, org_id, kinds, reason=REASON)
    click.echo(f"{ended} keys of {len(org_ids)} organizations are trusted no more.")
