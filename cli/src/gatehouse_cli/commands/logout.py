"""``gatehouse logout``."""

import os

import click

from gatehouse_cli.program import Command, Wishes, passes


@click.command("logout", cls=Command)
@passes
def command(wishes: Wishes) -> None:
    """End the sign-in, here and at the server."""
    from gatehouse_cli.oauth import revoke
    from gatehouse_cli.profiles import is_meant
    from gatehouse_cli.store import store_of

    output, profile = wishes.output, wishes.chosen()
    store = store_of(profile)
    with store.locked():
        tokens = store.read()
        # Here it is over even where the server cannot be told.
        store.forget()
    if tokens is not None:
        revoke(tokens)
    if output.as_json:
        status = "signed_out" if tokens else "not_signed_in"
        output.data({"server": profile.server, "status": status})
    elif tokens:
        output.say(f"Signed out of {profile.server}.")
    else:
        output.say(f"You were not signed in at {profile.server}.")
    if os.environ.get("GATEHOUSE_TOKEN") and is_meant(profile.server):
        output.say("GATEHOUSE_TOKEN is set: commands go on using it.")
