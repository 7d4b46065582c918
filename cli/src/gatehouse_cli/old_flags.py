"""Flags of earlier command lines of this kind, which scripts have: each is a command of today."""

from collections.abc import Sequence
from typing import Any

import click

from gatehouse_cli.failures import Misused


def options() -> list[click.Parameter]:
    """They are taken in place of a command, and not shown."""
    shared: dict[str, Any] = {"hidden": True}
    flag = {**shared, "is_flag": True}
    return [
        click.Option(["-a", "--add-key", "add"], **flag),
        click.Option(["-r", "--request", "request"], **flag),
        click.Option(["-c", "--clear-cache", "clear"], **flag),
        click.Option(["-f", "--force", "force"], **flag),
        click.Option(["--list-keys", "listing"], **flag),
        click.Option(["--remove-key", "removed"], metavar="KEY", **shared),
        click.Option(["-k", "--key", "key"], metavar="PATH", **shared),
    ]


def in_new_words(
    *,
    add: bool,
    request: bool,
    clear: bool,
    force: bool,
    listing: bool,
    removed: str | None,
    key: str | None,
) -> Sequence[Sequence[str]]:
    """The commands that are meant, in the order in which they make sense."""
    named = {
        ("logout",): clear,
        ("key", "add", *([key] if key else [])): add,
        ("key", "list"): listing,
        ("key", "rm", *(["--yes"] if force else []), "--", removed or ""): removed is not None,
        (
            *("cert", "request"),
            *(["-k", key] if key else []),
            *(["--force"] if force else []),
        ): request,
    }
    meant = [words for words, is_meant in named.items() if is_meant]
    if not meant and (force or key):
        raise Misused("-k and -f go with -a, -r or --remove-key.")
    return meant


@click.pass_context
def run(ctx: click.Context, /, **flags: Any) -> None:
    """Run the commands that old flags mean, if there is no other."""
    meant = in_new_words(**flags)
    if ctx.invoked_subcommand is not None:
        if meant:
            raise Misused("Either a command or one of the old flags.")
        return
    if not meant:
        raise click.exceptions.NoArgsIsHelpError(ctx)
    for words in meant:
        ctx.command.main(list(words), "gatehouse", standalone_mode=False, obj=ctx.obj)
