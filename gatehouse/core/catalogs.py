"""Files of translations, in the text format of gettext (``.po``): read, checked and written.

Plain functions over text. What is fuzzy, obsolete or empty counts as not translated.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from gettext import c2py
from pathlib import Path

LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+)?"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(r"\\(.)")
SIGNS = {"n": "\n", "t": "\t", "r": "\r"}
# What stands for a value, and all that may stand in a text that Python's % fills in.
PLACE = re.compile(r"%\((\w+)\)s")
WELL_FORMED = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")
PLURAL = re.compile(r"nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;\n]+)")
GERMANIC = "nplurals=2; plural=(n != 1);"
MOST_BYTES = 1024 * 1024


class NotACatalog(ValueError):
    """A file cannot be read as a catalog. Says the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence and how it is said. ``texts`` has more than one if it depends on a number."""

    msgid: str
    many: str | None = None
    texts: tuple[str, ...] = ("",)
    notes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    is_fuzzy: bool = False

    @property
    def is_translated(self) -> bool:
        return all(self.texts) and not self.is_fuzzy


@dataclass(frozen=True, slots=True)
class Catalog:
    """The entries of a file by ``msgid``, and what its header says."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    header: str = ""
    notes: tuple[str, ...] = ()

    @property
    def plural_rule(self) -> tuple[int, str]:
        """How many forms there are, and the expression that chooses one."""
        found = PLURAL.search(self.header) or PLURAL.search(GERMANIC)
        return (int(found[1]), found[2].strip()) if found else (2, "n != 1")


def read_catalog(path: Path) -> Catalog:
    """Raises NotACatalog."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NotACatalog(f"{path}: larger than 1 MB.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NotACatalog(f"{path}: {error}.") from None
    found = Catalog()
    entries: dict[str, Entry] = {}
    for number, block in _blocks(text):
        try:
            entry = _entry_of(block)
            if entry is None:
                continue
            if entry.msgid:
                entries[entry.msgid] = entry
            else:
                found = replace(found, header=entry.texts[0], notes=entry.notes)
        except ValueError as error:
            raise NotACatalog(f"{path}, line {number}: {error}") from None
    found = replace(found, entries=entries)
    try:
        _check(found)
    except (ValueError, ArithmeticError) as error:
        raise NotACatalog(f"{path}: {error}") from None
    return found


def problems_of(folder: Path) -> list[str]:
    """What is wrong with the catalogs that an operator wrote; nothing if they are right."""
    found = []
    for path in sorted(folder.glob("*.po")):
        try:
            read_catalog(path)
        except NotACatalog as error:
            found.append(str(error))
    return found


def places_in(*texts: str) -> frozenset[str]:
    """The names of the values that stand in a text."""
    return frozenset(name for text in texts for name in PLACE.findall(text))


def write_catalog(path: Path, catalog: Catalog) -> None:
    whole = "\n".join(_lines_of(catalog))
    path.write_text(whole, encoding="utf-8")


def updated(catalog: Catalog, marked: Iterable[Entry]) -> Catalog:
    """The sentences that are marked, with the translations that there are of them."""
    forms, _ = catalog.plural_rule
    entries = {}
    for mark in marked:
        known = catalog.entries.get(mark.msgid)
        is_same = known is not None and known.many == mark.many
        texts = known.texts if known and is_same else ("",) * (forms if mark.many else 1)
        entries[mark.msgid] = replace(
            mark,
            texts=texts,
            notes=known.notes if known else (),
            is_fuzzy=bool(known and is_same and known.is_fuzzy),
        )
    return replace(catalog, entries=entries)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of each entry, and the number of the first. Entries have blank lines between."""
    block: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield number - len(block), block
            block = []


def _entry_of(block: list[str]) -> Entry | None:
    """None for what is obsolete, or has no more than comments. Raises ValueError."""
    said: dict[str, str] = {}
    name = ""
    for line in block:
        if line.startswith("#"):
            continue
        found = LINE.fullmatch(line)
        if found is None or not (found[1] or name):
            raise ValueError(f"this is no line of a catalog: {line[:60]}")
        if found[1] in said:
            raise ValueError("two entries without a blank line between.")
        name = found[1] or name
        said[name] = said.get(name, "") + ESCAPE.sub(_sign, found[2])
    if "msgid" not in said or "msgctxt" in said:  # No mark of ours has a context.
        return None
    texts = tuple(text for key, text in sorted(said.items()) if key.startswith("msgstr"))
    if not texts:
        raise ValueError("an entry without a msgstr.")
    flags = [line for line in block if line.startswith("#,")]
    notes = tuple(line for line in block if line == "#" or line.startswith("# "))
    places = tuple(line[3:] for line in block if line.startswith("#: "))
    is_fuzzy = any("fuzzy" in line for line in flags)
    return Entry(said["msgid"], said.get("msgid_plural"), texts, notes, places, is_fuzzy)


def _check(catalog: Catalog) -> None:
    """Refuse what would fail when it is said. Raises ValueError."""
    forms, rule = catalog.plural_rule
    chooses = c2py(rule)
    if not all(0 <= chooses(n) < forms for n in range(201)):
        raise ValueError("the plural rule chooses a form that is not there.")
    for entry in catalog.entries.values():
        if not entry.is_translated:
            continue
        known = places_in(entry.msgid, entry.many or "")
        strange = places_in(*entry.texts) - known
        is_broken = not all(map(WELL_FORMED.fullmatch, entry.texts))
        if entry.many is not None and len(entry.texts) != forms:
            raise ValueError(f"{entry.msgid!r} has to be said in {forms} forms.")
        if strange or is_broken:
            names = ", ".join(f"%({name})s" for name in sorted(known)) or "none"
            raise ValueError(
                f"{entry.msgid!r} takes these values: {names}. A sign of percent is %%."
            )


def _sign(found: re.Match[str]) -> str:
    return SIGNS.get(found[1], found[1])


def _lines_of(catalog: Catalog) -> Iterator[str]:
    yield from catalog.notes
    yield 'msgid ""'
    yield 'msgstr ""'
    for line in catalog.header.splitlines():
        yield _quoted(f"{line}\n")
    for entry in catalog.entries.values():
        yield ""
        yield from entry.notes
        yield from (f"#: {place}" for place in entry.places)
        if entry.is_fuzzy:
            yield "#, fuzzy"
        yield f"msgid {_quoted(entry.msgid)}"
        if entry.many is None:
            yield f"msgstr {_quoted(entry.texts[0])}"
            continue
        yield f"msgid_plural {_quoted(entry.many)}"
        for number, text in enumerate(entry.texts):
            yield f"msgstr[{number}] {_quoted(text)}"
    yield ""


def _quoted(text: str) -> str:
    for sign, letter in (("\\", "\\"), ('"', '"'), ("\n", "n"), ("\t", "t"), ("\r", "r")):
        text = text.replace(sign, f"\\{letter}")
    return f'"{text}"'
