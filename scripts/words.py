"""Write or bring up to date the catalog of a language: ``python -m scripts.words fr [FOLDER]``.

Every sentence that is marked in templates and in Python stands in it once; what was translated
stays, and what is gone from the pages goes. ``docs/languages.md`` says how translators go on.
"""

import re
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from gatehouse.core.catalogs import read_catalog, read_text, translated
from gatehouse.core.languages import SHIPPED, Language
from gatehouse.core.rendering import PACKAGE

HEADER = """\
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {tag}\\n"
"Plural-Forms: {plural}\\n"
"""
# The header of a file as its author, or a tool, wrote it: Babel keeps no more than it knows.
HEAD = re.compile(r'(?:#.*\n|\s)*msgid ""\nmsgstr ".*"\n(?:".*"\n)*')
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
# As `core/rendering.py` reads them; a template that is wrong is not passed over.
OPTIONS = {"**.html": {"trimmed": "1", "trim_blocks": "1", "lstrip_blocks": "1", "silent": "0"}}
# How marks are called, and which of their arguments are text.
MARKS = {"_": None, "_n": (1, 2), "gettext": None, "ngettext": (1, 2)}


def marked() -> Catalog:
    """Every sentence that is marked, with the files that it stands in."""
    found = Catalog()
    for file, text in _marks():
        found.add(text, locations=[(f"{PACKAGE.name}/{file}", None)])
    return found


@cache
def _marks() -> list[tuple[str, Any]]:
    """Files and their marks, read once: that takes a second."""
    return [(mark[0], mark[2]) for mark in extract_from_dir(PACKAGE, METHODS, OPTIONS, MARKS)]


def write(tag: str, folder: Path) -> Catalog:
    """Write ``folder/tag.po``, and return it."""
    path = folder / f"{tag}.po"
    catalog, head = Catalog(locale=Language(tag).locale), None
    if path.exists():
        catalog, head = read_catalog(path), HEAD.match(read_text(path))
    catalog.update(marked(), no_fuzzy_matching=True)
    save(path, catalog, head[0] if head else HEADER.format(tag=tag, plural=catalog.plural_forms))
    return catalog


def save(path: Path, catalog: Catalog, header: str) -> None:
    """Without numbers of lines: a line that moved changes no catalog."""
    catalog.charset = "utf-8"
    entries = BytesIO()
    write_po(
        entries, catalog, width=0, omit_header=True, ignore_obsolete=True, include_lineno=False
    )
    path.write_bytes(header.strip().encode() + b"\n\n" + entries.getvalue().strip() + b"\n")


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    folder = Path(arguments[1]) if arguments[1:] else SHIPPED
    catalog = write(arguments[0], folder)
    lacking = len(catalog) - len(translated(catalog))
    print(f"{folder / arguments[0]}.po: {len(catalog)} sentences, {lacking} not translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
