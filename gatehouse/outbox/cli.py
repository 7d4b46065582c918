"""``python manage.py outbox``: what waits, what was given up, and trying that again."""

from contextlib import AbstractContextManager
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.outbox import queries, service

MOST_SHOWN = 100


def _work() -> AbstractContextManager[Context]:
    return unit_of_work(current_app.extensions["gatehouse"], Origin("cli"), Actor("operator"))


@click.group("outbox")
def commands() -> None:
    """Messages to be delivered: list, try again."""


@commands.command("list")
@with_appcontext
def show() -> None:
    """Say how many messages wait, and which were given up and why."""
    with _work() as ctx:
        counts = queries.counts(ctx)
        click.echo(f"{counts['waiting']} waiting, {counts['dead']} given up")
        for message in queries.dead_messages(ctx, limit=MOST_SHOWN):
            when = f"{message.settled_at:%Y-%m-%d %H:%M}"
            click.echo(f"{message.id}  {when}  {message.handler}  {message.last_error}")


@commands.command("retry")
@click.argument("message_ids", nargs=-1, type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="Try all again that were given up.")
@with_appcontext
def retry(*, message_ids: tuple[UUID, ...], everything: bool) -> None:
    """Try messages again that were given up, by their ids."""
    if bool(message_ids) == everything:
        raise click.UsageError("Name the messages, or say --all.")
    with _work() as ctx:
        click.echo(f"{service.revive(ctx, message_ids)} messages will be tried again.")
