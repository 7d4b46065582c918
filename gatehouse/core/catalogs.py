"""Files of translations, in the text format of gettext (``.po``): read by Babel, and refused if a
page would fail to say what stands in them.

Babel is imported when a file is read: who reads English does without it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from gettext import c2py
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages import Catalog, Message

# Babel would say a text without its last sign where the quotation mark at the end is missing.
LINE = re.compile(r'(?:(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) +)?"(?:[^"\\]|\\.)*"')
# What no page depends on, but Babel would stumble over: entries that are gone, as other tools write
# them, and dates that are empty. It leaves headers alone that it does not know.
UNREAD = re.compile(r"#[~|]")
DATE = re.compile(r"(POT-Creation|PO-Revision)-Date:", re.IGNORECASE)
# Babel makes room for as many forms as a header says. No language has ten.
TOO_MANY_FORMS = re.compile(r"nplurals\s*=\s*\d\d")
# What stands for a value, and all that may stand in a text that Python's % fills in.
PLACE = re.compile(r"%\((\w+)\)s")
WELL_FORMED = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")
# Rules of plurals look at the last digits, some at whole millions.
NUMBERS = (*range(201), 1_000, 10_000, 100_000, 1_000_000)
MOST_BYTES = 1024 * 1024


class NotACatalog(ValueError):
    """A file cannot be read as a catalog. Says the file and what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a sentence is said. ``texts`` has more than one if it depends on a number, and
    ``choose`` says which is for ``n``.
    """

    many: str | None
    texts: tuple[str, ...]
    choose: Callable[[int], int]


def read_entries(path: Path) -> dict[str, Entry]:
    """What is translated in a file, by the English sentence. Raises NotACatalog."""
    catalog = read_catalog(path)
    choose = c2py(catalog.plural_expr)
    found = {}
    for message in translated(catalog):
        one, *many = _texts_of(message.id)
        found[one] = Entry(many[0] if many else None, _texts_of(message.string), choose)
    return found


def read_catalog(path: Path) -> "Catalog":
    """Raises NotACatalog."""
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    try:
        lines = "\n".join(_lines_of(read_text(path)))
        catalog = read_po(StringIO(lines), abort_invalid=True)
        _check(catalog)
    except PoFileError as error:
        says = str(error).removesuffix(f" on {error.lineno}")
        raise NotACatalog(f"{path}: line {error.lineno + 1}: {says}.") from None
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, its name is said
        raise NotACatalog(f"{path}: {error}") from None
    return catalog


def read_text(path: Path) -> str:
    """Raises OSError or ValueError."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("larger than 1 MB.")
    return path.read_text(encoding="utf-8-sig")


def problems_of(folder: Path) -> list[str]:
    """What is wrong with the catalogs that an operator wrote; nothing if they are right."""
    found = []
    for path in sorted(folder.glob("*.po")):
        try:
            read_catalog(path)
        except NotACatalog as error:
            found.append(str(error))
    return found


def translated(catalog: "Catalog") -> "list[Message]":
    """What a page may say: no mark of ours has a context."""
    return [
        message
        for message in catalog
        if message.id and not (message.context or message.fuzzy) and any(_texts_of(message.string))
    ]


def places_in(*texts: str) -> frozenset[str]:
    """The names of the values that stand in a text."""
    return frozenset(name for text in texts for name in PLACE.findall(text))


def _lines_of(text: str) -> Iterator[str]:
    """The lines as Babel may read them, each in its place. Raises ValueError."""
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if not line or line.startswith("#"):
            yield "" if UNREAD.match(line) else line
        elif not LINE.fullmatch(line):
            raise ValueError(f"line {number}: this is no line of a catalog: {line[:60]}")
        elif TOO_MANY_FORMS.search(line):
            raise ValueError(f"line {number}: no language has that many forms.")
        else:
            yield DATE.sub(r"X-\1:", line)


def _check(catalog: "Catalog") -> None:
    """Refuse what would fail when it is said. Raises ValueError or ArithmeticError."""
    forms = catalog.num_plurals
    choose = c2py(catalog.plural_expr)
    if not all(0 <= choose(n) < forms for n in NUMBERS):
        raise ValueError("the plural rule chooses a form that is not there.")
    for message in translated(catalog):
        ids, texts = _texts_of(message.id), _texts_of(message.string)
        # A header that is not at the top comes too late for the entries above it.
        if not all(texts) or len(texts) != (forms if message.pluralizable else 1):
            raise ValueError(f"{ids[0]!r} has to be said in {forms} forms.")
        known = places_in(*ids)
        strange = places_in(*texts) - known
        if strange or not all(map(WELL_FORMED.fullmatch, texts)):
            names = ", ".join(f"%({name})s" for name in sorted(known)) or "none"
            raise ValueError(f"{ids[0]!r} takes these values: {names}. A sign of percent is %%.")


def _texts_of(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """Babel has a text, or one for each form."""
    return (said,) if isinstance(said, str) else tuple(said or ())
