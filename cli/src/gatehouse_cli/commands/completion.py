"""``gatehouse completion``."""

import click
from click.shell_completion import get_completion_class

from gatehouse_cli.failures import Misused
from gatehouse_cli.program import Command, program

HOW = """
  bash  eval "$(gatehouse completion bash)"       in ~/.bashrc
  zsh   eval "$(gatehouse completion zsh)"        in ~/.zshrc
  fish  gatehouse completion fish | source        in ~/.config/fish/config.fish
"""


@click.command("completion", cls=Command, epilog=f"\b{HOW}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete our commands."""
    found = get_completion_class(shell)
    if found is None:
        raise Misused(f"{shell} is not known.")
    click.echo(found(program, {}, "gatehouse", "_GATEHOUSE_COMPLETE").source())
