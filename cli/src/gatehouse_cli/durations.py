"""Times and how long things last, as people write and read them."""

import re
from datetime import UTC, datetime
from typing import Any

import click

from gatehouse_cli.certificates import FOREVER

SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
WRITTEN = re.compile(r"(?=.)(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")


class Duration(click.ParamType[int]):
    """``1h``, ``1h30m``, ``90s``, ``2d``: whole seconds, one at least."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = WRITTEN.fullmatch(value)
        parts = zip(found.groups(), SECONDS.values(), strict=True) if found else ()
        seconds = sum(int(number or 0) * size for number, size in parts)
        if not seconds:
            self.fail(f"{value!r} is no time like 1h, 1h30m, 90s or 2d.", param, ctx)
        return seconds


def in_words(seconds: float) -> str:
    """The two largest units: ``7 h 59 min``."""
    left = int(seconds)
    names = ("d", "h", "min", "s")
    parts = []
    for name, size in zip(names, SECONDS.values(), strict=True):
        count, left = divmod(left, size)
        parts.append(f"{count} {name}" if count else "")
    first = next((at for at, part in enumerate(parts) if part), len(parts) - 1)
    return " ".join(part for part in parts[first : first + 2] if part) or "0 s"


def moment(seconds: int) -> str:
    """A time by the clock on the wall here."""
    if seconds >= FOREVER:
        return "for ever"
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "in another age"


def iso(seconds: int) -> str | None:
    """The same for programs; None for what has no end."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return None
