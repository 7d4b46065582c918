"""Where the command begins. What must be quick is answered before anything else is imported."""

import sys
from importlib import import_module

# The first words of a command -> the module whose `main` answers it, with the standard library
# alone.
QUICK = {("--version",): "gatehouse_cli.version", ("ssh", "ensure"): "gatehouse_cli.ensure"}


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    given = sys.argv[1:]
    for words, module in QUICK.items():
        if tuple(given[: len(words)]) == words:
            sys.exit(import_module(module).main(given[len(words) :]))
    sys.exit(import_module("gatehouse_cli.program").main())


if __name__ == "__main__":
    main()
