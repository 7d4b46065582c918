"""``gatehouse whoami``."""

import click

from gatehouse_cli.people import named, show_person
from gatehouse_cli.program import Command, Wishes, passes


@click.command("whoami", cls=Command)
@passes
def command(wishes: Wishes) -> None:
    """Say who is signed in, and where."""
    api = wishes.api()
    me = api.get("/auth/me")
    show_person(wishes.output, f"{named(me['user'])} at {api.server}", me)
