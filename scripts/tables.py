"""Fill the tests columns of docs/conformance.md and docs/threats.md: ``python -m scripts.tables``.

Tests say in their docstrings which requirement they hold and which threat they refuse: "CORE-18,
CORE-19", "OAUTH-10 to OAUTH-14", "threats 21 and 23". A row names those tests. Where no docstring
says its number, it stays as it is: its tests were chosen by hand, or there are none yet.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
CONFORMANCE = ROOT / "docs" / "conformance.md"
THREATS = ROOT / "docs" / "threats.md"
MOST = 4

ROW = re.compile(r"^\| ((?:[A-Z]+-)?\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
REST = re.compile(r"(?:later|left out): .+$")
SAID = re.compile(
    r"(?:\b([A-Z]{2,5})-(?=\d\d\b)|\b[Tt]hreats? )(\d+)"
    # A list goes on as long as numbers are followed by what may stand in a list: "RT-04, 8 at
    # once" names one number.
    r"((?:(?:, and |, | and | to |\.\.)(?:\1-)?\d+(?=[,.;:)]| and | to |$))*)"
)
NEXT = re.compile(r"( to |\.\.)?(?:[A-Z]+-)?(\d+)")

# The rows of threats.md whose tests are found by docstrings; the others' are chosen by hand.
FOUND_THREATS = frozenset(
    map(str, (*range(1, 78), *range(125, 141), 184, 192, 214, *range(217, 228)))
)


def numbers_in(docstring: str) -> set[str]:
    """The numbers that a docstring says: "CORE-18" of a requirement, "26" of a threat."""
    found = set()
    for family, first, others in SAID.findall(" ".join(docstring.split())):
        spans = [(int(first), int(first))]
        for is_range, number in NEXT.findall(others):
            spans.append((spans[-1][1] if is_range else int(number), int(number)))
        numbers = {number for low, high in spans for number in range(low, high + 1)}
        found |= {f"{family}-{number:02}" if family else str(number) for number in numbers}
    return found


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def tests_in(path: Path) -> Iterator[ast.FunctionDef]:
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def exists(test: str) -> bool:
    """Whether there is a test, or a file with tests, as a row names it."""
    path, _, name = test.partition("::")
    if not (TESTS / path).is_file():
        return False
    names = {node.name for node in tests_in(TESTS / path)}
    return name in names if name else bool(names)


@cache
def named() -> dict[str, tuple[str, ...]]:
    """The tests of each number: those that say fewest first, then files that say it as a whole."""
    functions, files = defaultdict(list), defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        file = str(path.relative_to(TESTS))
        for number in numbers_in(ast.get_docstring(tree_of(path)) or ""):
            files[number].append(file)
        for node in tests_in(path):
            said = numbers_in(ast.get_docstring(node) or "")
            for number in said:
                functions[number].append((len(said), f"{file}::{node.name}"))

    found = {}
    for number in {*functions, *files}:
        best = [test for _, test in sorted(functions[number], key=lambda one: one[0])][:MOST]
        seen = {test.partition("::")[0] for test in best}
        found[number] = (*best, *(file for file in files[number] if file not in seen))[:MOST]
    return found


def filled(page: str, tests: Mapping[str, tuple[str, ...]]) -> str:
    """The page with the tests of each number that has some. What comes later is said after them."""

    def row(match: re.Match[str]) -> str:
        number, claim, cell = match.groups()
        if number not in tests:
            return match[0]
        cells = [*(f"`{test}`" for test in tests[number]), *REST.findall(cell)]
        return f"| {number} | {claim} | {', '.join(cells)} |"

    return ROW.sub(row, page)


def pages() -> Iterator[tuple[Path, str]]:
    """Both pages, as they should be."""
    tests = named()
    yield CONFORMANCE, filled(CONFORMANCE.read_text(), tests)
    ours = {number: tests[number] for number in FOUND_THREATS & tests.keys()}
    yield THREATS, filled(THREATS.read_text(), ours)


def main() -> None:
    for path, page in pages():
        path.write_text(page)
        waiting = [number for number, _, cell in ROW.findall(page) if cell == "not yet"]
        print(f"{path.relative_to(ROOT)}: {len(waiting)} rows without a test", *waiting)


if __name__ == "__main__":
    main()
