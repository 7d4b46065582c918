"""Names that nobody reads: a setting that is mistyped is not set, and nothing else would say so."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

ALIKE = 0.85  # of the letters, to be taken for a mistyped one wherever it stands
SOMEWHAT_ALIKE = 0.6
NAME = re.compile("[A-Z][A-Z0-9_]*")  # What is none may be the rest of a value, of a line above.
THEIRS = ("FLASK_", "PYTHON")  # What Flask and Python read themselves.


def strange_names(
    known: Sequence[str], environment: Mapping[str, str], file: Path | None
) -> Iterator[str]:
    """A line for each name in ``file`` that is no setting, and for what is nearly one around us.

    Most of an environment is not for us. No value is ever told: it may be a password.
    """
    written = _names_in(file) if file else []
    for name in written:
        near = _nearest(name, known, ALIKE if name.startswith(THEIRS) else SOMEWHAT_ALIKE)
        is_told = near or (NAME.fullmatch(name) and not name.startswith(THEIRS))
        if is_told and not _is_known(name, known):
            yield f".env names {name}, which is no setting.{f' Is {near} meant?' if near else ''}"
    for name in sorted(set(environment) - set(written)):
        near = _nearest(name, known, ALIKE)
        if near and "_" in name and not _is_known(name, known):
            yield f"{name} is set, and is no setting. Is {near} meant?"


def _names_in(file: Path) -> list[str]:
    from dotenv import dotenv_values  # noqa: PLC0415 - a server that has no such file does without

    found = dotenv_values(file, interpolate=False) if file.is_file() else {}
    return [name for name, value in found.items() if value is not None]


def _is_known(name: str, known: Sequence[str]) -> bool:
    return name in known or name.removesuffix("_FILE") in known


def _nearest(name: str, known: Sequence[str], alike: float) -> str:
    return next(iter(get_close_matches(name.upper().removesuffix("_FILE"), known, 1, alike)), "")
