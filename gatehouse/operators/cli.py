"""``create-operator``, ``remove-operator``, ``operators list``: who runs this instance; and
``reset-password``, ``reset-factors``, ``release-address``: a way back in from the host, and an
address given free.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError

from gatehouse.accounts.errors import AddressReserved
from gatehouse.accounts.queries import operators
from gatehouse.accounts.service import LIVES
from gatehouse.core.context import Actor, Context, Origin, unit_of_work
from gatehouse.core.errors import GatehouseError
from gatehouse.core.fields import Address, Text
from gatehouse.operators import service


@contextmanager
def _work() -> Iterator[Context]:
    try:
        with unit_of_work(
            current_app.extensions["gatehouse"], Origin("cli"), Actor("operator")
        ) as ctx:
            yield ctx
    except AddressReserved as refusal:
        hint = "If it is somebody else's by now: python manage.py release-address EMAIL"
        raise click.ClickException(f"{refusal}\n{hint}") from None
    except GatehouseError as refusal:
        raise click.ClickException(str(refusal)) from None


def _address(text: str) -> str:
    try:
        return str(Address().deserialize(text))
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0]), param_hint="EMAIL") from None


def _name(text: str | None) -> str | None:
    try:
        return Text(most=255).deserialize(text) if text else None
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0]), param_hint="--name") from None


@click.command("create-operator")
@click.argument("email")
@click.option("--name", help="The name of the person, for a new account.")
@click.option("--yes", is_flag=True, help="Take an unverified account over, without a question.")
@with_appcontext
def create_operator(*, email: str, name: str | None, yes: bool) -> None:
    """Make EMAIL an operator.

    Of an account that is there, or of a new one, which is claimed with a link.
    """
    address, full_name = _address(email), _name(name)
    with _work() as ctx:
        costs = service.costs_the_account(ctx, email=address)
    if costs and not yes:
        _ask_for_consent(address)
    with _work() as ctx:
        user = service.appoint(ctx, email=address, full_name=full_name)
        told = f"{user.email} is an operator"
        is_claimed = user.activated
        link = None if is_claimed or ctx.settings.smtp.host else service.link_to_claim(ctx, user)
    click.echo(f"{told} now." if is_claimed else f"{told} as soon as the account is claimed.")
    if link:
        click.echo(f"No mail server is set. Claim it within 24 hours at:\n{link}")
    elif not is_claimed:
        click.echo(
            "A link to claim it is on its way there by mail, and holds for 24 hours. If it does not"
            " come, look why: python manage.py outbox list"
        )


def _ask_for_consent(address: str) -> None:
    cost = (
        f"{address} was registered, and never verified (REQUIRE_VERIFIED_EMAIL): whoever has the"
        " account may be a stranger to the address. It loses password, name and sessions, and is"
        " claimed with a new link."
    )
    if not sys.stdin.isatty():
        raise click.ClickException(f"{cost} If that is what you want, say --yes.")
    click.confirm(f"{cost} Go on?", abort=True)


@click.command("remove-operator")
@click.argument("email")
@with_appcontext
def remove_operator(*, email: str) -> None:
    """Make EMAIL no operator any more. The account stays."""
    with _work() as ctx:
        user = service.dismiss(ctx, email=_address(email))
        left = len(ctx.db.scalars(operators()).all())
        told = f"{user.email} is no operator any more. Operators left: {left}."
    click.echo(told)


@click.command("reset-password")
@click.argument("email")
@with_appcontext
def reset_password(*, email: str) -> None:
    """Print a link with which EMAIL sets a password.

    For somebody who is locked out and whom no mail reaches. Nothing changes until it is used.
    """
    with _work() as ctx:
        purpose, link = service.link_from_host(ctx, email=_address(email))
    hours = LIVES[purpose].total_seconds() / 3600
    click.echo(
        f"The link works once, within {hours:.0f} hours. Give it to that person only:\n{link}"
    )


@click.command("reset-factors")
@click.argument("email")
@with_appcontext
def reset_factors(*, email: str) -> None:
    """Take all second factors from EMAIL.

    For somebody who has lost them. All sessions of the account end, and the person is mailed. Their
    password stays.
    """
    with _work() as ctx:
        had_one = service.reset_second_factors(ctx, email=_address(email))
    told = "has no second factor any more, and is signed out everywhere."
    click.echo(f"{email} {told}" if had_one else f"{email} has no second factor.")


@click.command("release-address")
@click.argument("email")
@with_appcontext
def release_address(*, email: str) -> None:
    """Give EMAIL free, which an account has left.

    For an address that is somebody else's by now: for 7 days that account could come back to it.
    The link mailed to undo the change is void.
    """
    with _work() as ctx:
        service.release(ctx, email=_address(email))
    click.echo(f"{email} is free.")


@click.group("operators")
def operators_commands() -> None:
    """Operators: list who runs this instance."""


@operators_commands.command("list")
@with_appcontext
def show_operators() -> None:
    """List the operators, with the state of each account."""
    with _work() as ctx:
        found = ctx.db.scalars(operators()).all()
        lines = [f"{user.status.value:10} {user.email}  {user.full_name or ''}" for user in found]
    click.echo("\n".join(line.rstrip() for line in lines) or "There is no operator.")
