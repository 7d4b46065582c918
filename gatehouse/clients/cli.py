"""Commands on clients."""

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.clients.service.registering import add_registration_token
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.organizations.queries import find_organization

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime

MOST_USES = 1000
MOST_HOURS = 24 * 90


@click.command("registration-token")
@click.option(
    "--uses",
    type=click.IntRange(1, MOST_USES),
    default=1,
    show_default=True,
    help="How many clients it registers.",
)
@click.option(
    "--hours",
    type=click.IntRange(1, MOST_HOURS),
    default=24,
    show_default=True,
    help="How long it is good.",
)
@click.option("--organization", "slug", help="The slug of the organization that gets the clients.")
@with_appcontext
def registration_token(*, uses: int, hours: int, slug: str | None) -> None:
    """Print a token with which programs register clients.

    It is an initial access token (RFC 7591 3). Without an organization its clients are those of
    the instance, and open to everybody. It needs OIDC_REGISTRATION=token (or open).
    """
    runtime: Runtime = current_app.extensions["gatehouse"]
    with unit_of_work(runtime, Origin("registration-token"), Actor(kind="operator")) as ctx:
        found = find_organization(ctx, slug) if slug else None
        if slug and found is None:
            raise click.ClickException(f"There is no organization with the slug {slug}.")
        minted = add_registration_token(ctx, found.id if found else None, uses=uses, hours=hours)
    click.echo(minted.token)
    if runtime.settings.oidc.registration == "off":
        click.echo("It is of no use while OIDC_REGISTRATION is off.", err=True)
