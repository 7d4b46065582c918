"""The house rules that no linter knows."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gatehouse
from gatehouse.core.access import access_of, public
from gatehouse.core.settings import setting_names
from gatehouse.registry import PACKAGES, domains

SOURCE = Path(gatehouse.__file__).parent
ROOT = SOURCE.parent
ROOMS = {
    "__init__", "domain", "routes", "pages", "schemas", "service", "queries", "models", "errors",
    "events", "permissions", "jobs", "emails", "cli", "ports", "adapters", "rules",
}  # fmt: skip
DOMAINS = [package.removeprefix("gatehouse.") for package in PACKAGES]
NPM = ("tests/counterparts", "benchmarks/peers")
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
PRIVATE_ROUTES = re.compile(r"from gatehouse\.(\w+)\.routes\b")
PRIVATE_SCHEMAS = re.compile(r"from gatehouse\.(\w+)\.schemas\b")
TRANSACTIONS = re.compile(r"\.(commit|rollback|begin)\(\)")
ENVIRONMENT = re.compile(r"os\.environ|getenv")
HALF_MERGED = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
WRITTEN = {".py", ".md", ".html", ".txt", ".css", ".js", ".sh", ".toml", ".json", ".po"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def texts(*folders: str) -> dict[str, str]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {name(path): path.read_text() for path in paths}


OURS = texts("gatehouse")
TREES = {path: ast.parse(text) for path, text in OURS.items()}


def home_of(path: str) -> str:
    return Path(path).parts[1]


def test_no_file_is_longer_than_400_lines():
    all_we_wrote = texts("gatehouse", "cli", "migrations", "tests", "benchmarks", "scripts")
    lengths = {path: len(text.splitlines()) for path, text in all_we_wrote.items()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_is_left_of_a_merge():
    folders = ("gatehouse", "cli", "docs", "migrations", "tests", "benchmarks", "scripts")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    ours = [path for path in (*found, *ROOT.glob("*")) if path.suffix in WRITTEN and path.is_file()]
    assert [name(path) for path in ours if HALF_MERGED.search(path.read_bytes())] == []


def test_no_function_is_longer_than_40_lines():
    functions = [
        (path, node)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    lengths = {(path, f.name): (f.end_lineno or 0) - f.lineno + 1 for path, f in functions}
    assert {f: length for f, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_every_module_says_in_a_sentence_what_it_is():
    said = {
        path: (ast.get_docstring(tree) or "").partition("\n")[0] for path, tree in TREES.items()
    }
    assert [path for path, sentence in said.items() if not sentence.strip()] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_only_known_rooms(domain: str):
    inside = (SOURCE / domain).iterdir()
    found = {path.stem for path in inside if path.suffix == ".py" or path.is_dir()}
    assert found - ROOMS - {"__pycache__", "templates", "static"} == set()


def test_every_folder_is_a_registered_domain():
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders - {"core"} == set(DOMAINS)


def test_routes_stay_at_home():
    guests = {
        path: set(PRIVATE_ROUTES.findall(text)) - {home_of(path)} for path, text in OURS.items()
    }
    assert {path: found for path, found in guests.items() if found} == {}


def test_schemas_leave_home_only_to_be_part_of_other_schemas():
    guests = {
        path: set(PRIVATE_SCHEMAS.findall(text)) - {home_of(path)}
        for path, text in OURS.items()
        if "/schemas" not in path
    }
    assert {path: found for path, found in guests.items() if found} == {}


def test_nobody_but_the_unit_of_work_ends_a_transaction():
    found = {path for path, text in OURS.items() if TRANSACTIONS.search(text)}
    # The connection itself, which asks nobody where there is nothing to be undone.
    assert found <= {"gatehouse/core/context.py", "gatehouse/core/silence.py"}


def test_only_the_settings_read_the_environment():
    assert [path for path, text in OURS.items() if ENVIRONMENT.search(text)] == []


def test_a_view_without_declared_access_cannot_be_mounted():
    with pytest.raises(TypeError, match="declares no access"):
        access_of(lambda ctx: None)
    assert access_of(public(lambda ctx: None)).is_public


def test_every_setting_is_in_the_example_and_in_the_documentation():
    example = (ROOT / ".env.example").read_text()
    shown = set(re.findall(r"^#? ?([A-Z][A-Z_0-9]+)=", example, re.MULTILINE))
    table = (ROOT / "docs/configuration.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_0-9]+)` \|", table, re.MULTILINE))

    assert shown == setting_names()
    assert documented == setting_names()


def test_every_event_says_what_happened_and_has_a_name_of_its_own():
    from gatehouse.core.events import EVENTS  # noqa: PLC0415 - filled by the domains

    domains()
    ours = {n: event for n, event in EVENTS.items() if event.__module__.startswith("gatehouse.")}

    assert ours
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", n) for n in ours)
    assert all(event.says.endswith(".") for event in ours.values())


PINS = [
    *ROOT.glob("requirements/*"),
    *ROOT.glob("benchmarks/requirements.*"),
    *(ROOT / place / f"package{kind}.json" for place in NPM for kind in ("", "-lock")),
    ROOT / "pyproject.toml",
]


@pytest.mark.parametrize("path", PINS, ids=name)
def test_no_file_of_requirements_names_a_package_index(path: Path):
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", pinned_in(path))


def pinned_in(path: Path) -> str:
    """What a file pins. npm also notes who may be paid for a package; that is no index."""
    if path.name != "package-lock.json":
        return path.read_text()
    packages = json.loads(path.read_text())["packages"].values()
    return json.dumps([{**package, "funding": None} for package in packages])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mark", "file"),
    [("unit", "tests/core/test_json_body.py"), ("integration", "tests/accounts/test_export.py")],
)
def test_tests_can_be_chosen_by_what_they_need(mark: str, file: str):
    asked = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", mark, file]

    found = subprocess.run(  # noqa: S603
        asked, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stdout
    assert "deselected" not in found.stdout.splitlines()[-1]
