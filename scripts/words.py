"""Write or bring up to date the catalog of a language: ``python -m scripts.words fr [FOLDER]``.

Every sentence that is marked in templates and in Python stands in it once; what was translated
stays, and what is gone from the pages goes. ``docs/languages.md`` says how translators go on.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gatehouse.core.catalogs import GERMANIC, Catalog, Entry, read_catalog, updated, write_catalog
from gatehouse.core.languages import SHIPPED
from gatehouse.core.rendering import PACKAGE, environment

HEADER = """\
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
Language: {tag}
Plural-Forms: {plural}
"""
MARKS = {"_": 1, "_n": 2}  # how many of the first arguments are text


def marked() -> list[Entry]:
    """Every sentence that is marked, with the files that it stands in."""
    found: dict[str, Entry] = {}
    for path in sorted(PACKAGE.rglob("*")):
        place = str(path.relative_to(PACKAGE.parent))
        for msgid, many in _marked_in(path):
            before = found.get(msgid, Entry(msgid, many))
            if before.many != many:
                raise ValueError(f"{place}: {msgid!r} is marked with and without a number.")
            if place not in before.places:
                before = replace(before, places=(*before.places, place))
            found[msgid] = before
    return list(found.values())


def _marked_in(path: Path) -> Iterator[tuple[str, str | None]]:
    if path.suffix == ".py":
        yield from _of_python(path)
    elif path.suffix == ".html" and path.parent.name == "templates":
        for _line, _function, text in environment().extract_translations(path.read_text()):
            yield (text, None) if isinstance(text, str) else (text[0], text[1])


def _of_python(path: Path) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        texts = node.args[: MARKS.get(node.func.id, 0)]
        if not texts:
            continue
        words = [one.value for one in texts if isinstance(one, ast.Constant)]
        if len(words) < len(texts):
            raise ValueError(f"{path}, line {node.lineno}: what is marked is written out.")
        yield words[0], words[1] if len(words) > 1 else None


def write(tag: str, folder: Path) -> Catalog:
    """Write ``folder/tag.po``, and return it."""
    path = folder / f"{tag}.po"
    before = (
        read_catalog(path)
        if path.exists()
        else Catalog(header=HEADER.format(tag=tag, plural=GERMANIC))
    )
    after = updated(before, marked())
    write_catalog(path, after)
    return after


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    folder = Path(arguments[1]) if arguments[1:] else SHIPPED
    entries = write(arguments[0], folder).entries.values()
    lacking = sum(not entry.is_translated for entry in entries)
    print(f"{folder / arguments[0]}.po: {len(entries)} sentences, {lacking} not translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
