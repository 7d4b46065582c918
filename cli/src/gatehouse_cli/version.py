"""``gatehouse --version``, with the standard library alone."""

import sys
from collections.abc import Sequence

from gatehouse_cli import __version__


def main(_arguments: Sequence[str] = ()) -> int:
    sys.stdout.write(f"gatehouse {__version__}\n")
    return 0
