"""What a command says: results on stdout, everything else on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO


@dataclass(frozen=True, slots=True)
class Output:
    as_json: bool = False
    quiet: bool = False
    color: bool = True

    def data(self, data: Any) -> None:
        """The API's data, for programs. A terminal is not steered by it either: what is not to be
        seen is written as JSON escapes it.
        """
        text = json.dumps(data, indent=2, ensure_ascii=False)
        seen = (one if _is_seen(one) else json.dumps(one)[1:-1] for one in text)
        sys.stdout.write("".join(seen) + "\n")

    def line(self, text: str) -> None:
        """A result, for people."""
        sys.stdout.write(plain(text) + "\n")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table on a terminal; elsewhere lines with tabs between, without heads."""
        # What breaks a line would begin a row.
        texts = [[plain(str(cell)).replace("\n", " ") for cell in row] for row in rows]
        if self.color and is_decorated(sys.stdout):
            _draw(heads, texts)
        else:
            sys.stdout.writelines("\t".join(row) + "\n" for row in texts)

    def say(self, text: str) -> None:
        """Something on the way, which --quiet leaves out."""
        if not self.quiet:
            complain(text)


def complain(text: str) -> None:
    """Something that is said in any case."""
    sys.stderr.write(plain(text) + "\n")
    sys.stderr.flush()


def plain(text: str) -> str:
    """Without what steers a terminal: names and messages come from elsewhere."""
    return "".join(one if _is_seen(one) else "\N{REPLACEMENT CHARACTER}" for one in text)


def _is_seen(letter: str) -> bool:
    return letter.isprintable() or letter == "\n"


def is_decorated(stream: TextIO) -> bool:
    """Whether colours and lines are welcome (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Whatever another program says inside is a message, and no result."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _draw(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
