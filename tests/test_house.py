"""The house rules that no linter knows."""

import ast
import re
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
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
PRIVATE_ROUTES = re.compile(r"from gatehouse\.(\w+)\.routes\b")
PRIVATE_SCHEMAS = re.compile(r"from gatehouse\.(\w+)\.schemas\b")
TRANSACTIONS = re.compile(r"\.(commit|rollback|begin)\(\)")
ENVIRONMENT = re.compile(r"os\.environ|getenv")


def sources(folder: Path = SOURCE) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def everything_we_wrote() -> list[Path]:
    folders = ("gatehouse", "migrations", "tests", "benchmarks", "scripts")
    return [path for folder in folders for path in sources(ROOT / folder)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", everything_we_wrote(), ids=name)
def test_no_file_is_longer_than_400_lines(path: Path):
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", sources(), ids=name)
def test_no_function_is_longer_than_40_lines(path: Path):
    tree = ast.parse(path.read_text())
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions}
    lengths.pop("_read", None)  # The table of all settings, one line each.
    assert {n: length for n, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_every_module_says_in_a_sentence_what_it_is(path: Path):
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text
    assert text.splitlines()[0].strip()


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_only_known_rooms(domain: str):
    inside = (SOURCE / domain).iterdir()
    found = {path.stem for path in inside if path.suffix == ".py" or path.is_dir()}
    assert found - ROOMS - {"__pycache__", "templates", "static"} == set()


def test_every_folder_is_a_registered_domain():
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders - {"core"} == set(DOMAINS)


@pytest.mark.parametrize("path", sources(), ids=name)
def test_routes_stay_at_home(path: Path):
    home = path.relative_to(SOURCE).parts[0]
    assert set(PRIVATE_ROUTES.findall(path.read_text())) <= {home}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_schemas_leave_home_only_to_be_part_of_other_schemas(path: Path):
    home, *rest = path.relative_to(SOURCE).parts
    if rest and rest[0].startswith("schemas"):
        return
    assert set(PRIVATE_SCHEMAS.findall(path.read_text())) <= {home}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_nobody_but_the_unit_of_work_ends_a_transaction(path: Path):
    if path.name == "context.py":
        return
    assert TRANSACTIONS.findall(path.read_text()) == []


@pytest.mark.parametrize("path", sources(), ids=name)
def test_only_the_settings_read_the_environment(path: Path):
    if path.name == "settings.py":
        return
    assert ENVIRONMENT.findall(path.read_text()) == []


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


@pytest.mark.parametrize("path", [*ROOT.glob("requirements/*"), ROOT / "pyproject.toml"], ids=name)
def test_no_file_of_requirements_names_a_package_index(path: Path):
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text())
