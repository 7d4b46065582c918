"""The program: its commands, loaded by name when they are used, and what all of them take."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from gatehouse_cli import old_flags
from gatehouse_cli.failures import Failure, NotSignedIn
from gatehouse_cli.output import Output, complain

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.profiles import Profile
    from gatehouse_cli.setups import SetUp

COMMANDS = ("login", "logout", "whoami", "key", "cert", "ssh", "host", "ci", "completion")
NOWHERE = "You are not signed in.\nSign in: gatehouse login --server https://id.example.com"


@dataclass(slots=True)
class Wishes:
    """What was said beside the command: before it, or behind it."""

    profile: str | None = None
    server: str | None = None
    json: bool = False
    quiet: bool = False
    no_color: bool = False
    asked: "Profile | None" = None

    @property
    def output(self) -> Output:
        return Output(as_json=self.json, quiet=self.quiet, color=not self.no_color)

    def chosen(self) -> "Profile":
        from gatehouse_cli.profiles import chosen

        return chosen(self.profile, self.server)

    def names(self, setup: "SetUp") -> bool:
        """Whether an organization that is set up is at the server that is named, if any is."""
        from gatehouse_cli.profiles import is_named

        return is_named(setup.profile, setup.server, by=(self.profile, self.server))

    def api(self, setup: "SetUp | None" = None) -> "Api":
        """Calls to whom is named, or to whom it was set up with. Raises NotSignedIn, Misused."""
        from gatehouse_cli.api import Api, credential_of, token_of_environment
        from gatehouse_cli.profiles import NoServer, chosen

        try:
            self.asked = chosen(setup.profile, setup.server) if setup else self.chosen()
        except NoServer:
            if token_of_environment():
                raise
            raise NotSignedIn(NOWHERE) from None
        return Api(credential_of(self.asked))

    def advised(self, failure: Failure) -> None:
        """Have the commands that would help ask whom we asked."""
        from gatehouse_cli.profiles import is_usual
        from gatehouse_cli.refusals import asking

        if self.asked and not is_usual(self.asked):
            failure.args = (asking(str(failure), self.asked.name, self.asked.server),)


def _noted(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if value and option.name:
        setattr(ctx.ensure_object(Wishes), option.name, value)


def _everywhere(*, hidden: bool) -> list[click.Parameter]:
    """The options that every command takes; shown once, with the program."""
    shared: dict[str, Any] = {"expose_value": False, "callback": _noted, "hidden": hidden}
    flag = {**shared, "is_flag": True}
    return [
        click.Option(["--profile"], metavar="NAME", help="Which profile.", **shared),
        click.Option(["--server"], metavar="URL", help="Which server.", **shared),
        click.Option(["--json"], help="Print what the API answers, as JSON.", **flag),
        click.Option(["--quiet", "-q"], help="Say nothing on the way.", **flag),
        click.Option(["--no-color"], help="Neither colours nor lines.", **flag),
    ]


class Command(click.Command):
    """A command that takes the options of the program behind its name, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _everywhere(hidden=True)

    def invoke(self, ctx: click.Context, /) -> Any:
        try:
            return super().invoke(ctx)
        except Failure as failure:
            ctx.ensure_object(Wishes).advised(failure)
            raise


class Group(click.Group):
    """Commands of one thing."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _everywhere(hidden=True)


class Program(click.Group):
    """Loads a command when it is named."""

    def list_commands(self, _ctx: click.Context, /) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str, /) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = import_module(f"gatehouse_cli.commands.{cmd_name}").command
        return found if isinstance(found, click.Command) else None


passes: Callable[..., Any] = click.make_pass_decorator(Wishes, ensure=True)
program = Program(
    "gatehouse",
    params=[
        *_everywhere(hidden=False),
        # Answered before we are loaded; here for the help.
        click.Option(["--version"], is_flag=True, expose_value=False, help="Say which version."),
        *old_flags.options(),
    ],
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    callback=old_flags.run,
    help="The command line of Gatehouse.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> int:
    """Run the command. Returns the exit code of a failure; click exits by itself else."""
    try:
        program.main(prog_name="gatehouse")
    except Failure as failure:
        complain(f"gatehouse: {failure}")
        return failure.code
    except BrokenPipeError:
        # Whoever reads us has read enough. Nothing more is written, at the exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
