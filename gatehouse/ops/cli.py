"""Commands: prepare, seed-demo, init-db, openapi."""

import json
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from gatehouse.core.listening import address_of, refuse_a_port_in_use
from gatehouse.core.runtime import Runtime
from gatehouse.ops import service
from gatehouse.ops.service.demo import PEOPLE

WELCOME = """
Gatehouse is ready.

  Pages for people            {url}/login
  API and its documentation   {url}/api/docs
  OpenID provider             {url}/.well-known/openid-configuration
  Health                      {url}/api/health
  Sign in                     {email} / {password}

  curl -s -w '\\n' {url}/api/v1/auth/login -H 'Content-Type: application/json' \\
       -d '{{"email": "{email}", "password": "{password}"}}'

Stop with Ctrl-C. The data is in {database}.
"""


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["gatehouse"]
    return runtime


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Create the database, or bring it up to date."""
    service.migrate(_runtime(), current_app.extensions["migrate"])
    click.echo("The database is up to date.")


@click.command("seed-demo")
@click.option("--yes", is_flag=True, help="Do it even in production, without a question.")
@with_appcontext
def seed_demo(*, yes: bool) -> None:
    """Add demo people, whose passwords are public."""
    runtime = _runtime()
    if runtime.settings.in_production and not yes:
        raise click.ClickException("Demo data has known passwords. In production say --yes.")
    click.echo(f"{service.seed_demo(runtime)} rows of demo data were new.")


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Make ready for development: database, demo data."""
    runtime = _runtime()
    if runtime.settings.in_production:
        how = "In production: python manage.py db upgrade."
        raise click.ClickException(f"For development only. {how}")
    # Before anything is touched: who listens there may be a Gatehouse that uses this very file.
    refuse_a_port_in_use(address_of(runtime.settings.host), runtime.settings.port)
    set_aside = service.prepare_database(runtime, current_app.extensions["migrate"])
    if set_aside:
        click.echo(f"The database was of an older version. It is kept as {set_aside}.")
    service.seed_demo(runtime)
    email, _, password = PEOPLE[0]
    url = runtime.settings.app_url
    database = runtime.settings.database_url.split("///")[-1].split("@")[-1]
    click.echo(WELCOME.format(url=url, email=email, password=password, database=database))


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, for a machine.")
@with_appcontext
def doctor(*, as_json: bool) -> None:
    """Say what is wrong here, and what to do about it.

    Each check is ok, warn or fail. Ends with 1 if one fails.
    """
    from gatehouse.ops.service.doctor.examining import examine  # noqa: PLC0415 - it calls out

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    found = examine(_runtime(), app.app_context)
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in found], indent=2))
    for finding in () if as_json else found:
        click.echo(f"{finding.state:5} {finding.check:12} {finding.says}")
        if finding.remedy:
            click.echo(f"{'':18} {finding.remedy}")
    if any(finding.state is service.State.FAIL for finding in found):
        raise SystemExit(1)


@click.command("openapi")
@click.option("--write", "path", type=click.Path(path_type=Path), help="Write it to this file.")
@with_appcontext
def openapi(path: Path | None) -> None:
    """Print the OpenAPI document, or write it to a file."""
    from gatehouse.core.openapi import document  # noqa: PLC0415 - what serves does not make it

    text = (
        json.dumps(document(current_app.extensions["gatehouse_apis"]), indent=2, sort_keys=True)
        + "\n"
    )
    if path is None:
        click.echo(text, nl=False)
    else:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(
                f"{path} cannot be written ({error.strerror}). Name a file in a folder that exists"
                " and that you may write to."
            ) from None
