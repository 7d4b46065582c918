"""``python manage.py mail``: looking at mails, and trying the way out."""

from smtplib import SMTPException
from typing import TYPE_CHECKING
from uuid import uuid4

import click
from flask import current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError

from gatehouse.core.fields import Address
from gatehouse.core.reactions import GivenUp
from gatehouse.mail.ports import Letter, Mailer
from gatehouse.mail.service import Mail, render, samples_of

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime


@click.group("mail")
def commands() -> None:
    """Mails: look at them, try the mail server."""


@commands.command("preview")
@click.argument("name", required=False)
@click.option("--html", "as_html", is_flag=True, help="Print the HTML part in place of the text.")
@with_appcontext
def preview(*, name: str | None, as_html: bool) -> None:
    """Print the mail NAME; without NAME, list the mails.

    What is in it is made up.
    """
    runtime: Runtime = current_app.extensions["gatehouse"]
    samples = samples_of(runtime.mails)
    if name is None:
        for found in sorted(samples):
            click.echo(f"{found:32} {samples[found].make().subject}")
        return
    if name not in samples:
        raise click.ClickException(f"NAME must be one of: {', '.join(sorted(samples))}.")
    mail = samples[name].make()
    subject, text, html = render(mail, runtime.settings.service_name, runtime.settings.app_url)
    click.echo(html if as_html else f"Subject: {subject}\n\n{text}", nl=False)


def _address(text: str) -> str:
    try:
        return str(Address().deserialize(text))
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0]), param_hint="ADDRESS") from None


@commands.command("test")
@click.argument("address")
@with_appcontext
def test(*, address: str) -> None:
    """Send a mail to ADDRESS, to try the SMTP settings."""
    runtime: Runtime = current_app.extensions["gatehouse"]
    settings = runtime.settings
    to = _address(address)
    if not settings.smtp.host:
        raise click.ClickException(
            "SMTP_HOST is not set, so there is no server to try."
            " Set it and the other SMTP_ settings."
        )
    mail = Mail(subject="It works", says=("This installation can send mail.",))
    subject, text, html = render(mail, settings.service_name, settings.app_url)
    try:
        runtime.ports[Mailer].send(
            Letter(to, subject, text, html, f"<{uuid4()}@gatehouse.invalid>")
        )
    except (OSError, SMTPException, GivenUp) as error:
        server = f"{settings.smtp.host}:{settings.smtp.port}"
        why = getattr(error, "strerror", None) or error
        raise click.ClickException(
            f"It was not sent. {server}: {why}\nIf the server is the wrong one or wants something"
            " else, correct SMTP_HOST, SMTP_PORT and the other SMTP_ settings; else look whether it"
            " runs and can be reached from here."
        ) from None
    click.echo("The server has taken it.")
