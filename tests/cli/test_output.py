"""What a command prints where, how it ends, and what it costs to start."""

import ast
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.authority import Authority, ready
from tests.cli.programs import COMMAND, SOURCE, Cli
from tests.cli.stage import OK, enveloped, refusal, staged

ROOT = SOURCE.parents[1]
PACKAGE = SOURCE / "gatehouse_cli"
HEAVY = {"httpx2", "rich", "platformdirs", "keyring"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
TREES = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
ESCAPE = "\x1b"
STEERING = ("\a", "\u202e", "\x9b", "\ud800", f"{ESCAPE}[2J", f"{ESCAPE}]")


def imported_by(cli: Cli, *arguments: str) -> set[str]:
    """The names of the packages that a command imports."""
    return _imported_by(cli, *COMMAND[1:], *arguments)


def _imported_by(cli: Cli, *arguments: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(  # noqa: S603
        command, env=cli.environment, capture_output=True, text=True, check=False
    )
    names = re.findall(r"^import time:.*\|\s+(\S+)$", done.stderr, re.MULTILINE)
    return {name.partition(".")[0] for name in names}


@pytest.mark.unit
def test_what_must_be_quick_imports_the_standard_library_alone(tmp_path: Path):
    ready(tmp_path, Authority.made(tmp_path / "ca"), "https://id.example.com")
    cli = Cli(tmp_path, "")
    begun = ast.parse((PACKAGE / "__main__.py").read_text())
    (table,) = (
        ast.literal_eval(node.value)
        for node in begun.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "QUICK"
    )

    for words in table:
        found = imported_by(cli, *words)
        # What this interpreter imports for itself, before anything is run, is not ours.
        usual = _imported_by(cli, "-c", "pass")
        known = sys.stdlib_module_names | {"gatehouse_cli", "__future__"} | usual
        own = {name for name in found if not name.startswith(("_", "zipimport", "site"))}
        assert "gatehouse_cli" in own
        assert own & (HEAVY | {"click"}) == set(), words
        assert {name for name in own - known if "distutils" not in name} == set(), words


@pytest.mark.unit
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["key", "add", "--help"],
        ["completion", "bash"],
        ["key", "nonsense"],
        ["cert", "request", "--help"],
        ["cert", "check", "x"],
        ["ssh", "ensure"],
        ["ssh", "setup", "--help"],
    ],
)
def test_what_needs_no_server_imports_nothing_for_one(tmp_path: Path, arguments: list[str]):
    found = imported_by(Cli(tmp_path, ""), *arguments)

    assert "click" in found
    assert found & HEAVY == set()


@pytest.mark.integration
def test_rich_is_for_a_terminal_alone(at_work: Cli):
    assert "rich" not in imported_by(at_work, "key", "list")


@pytest.mark.unit
def test_the_command_line_never_imports_the_server():
    """It is installed alone."""
    names = {
        name
        for tree in TREES.values()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    allowed = sys.stdlib_module_names | HEAVY | {"click", "gatehouse_cli"}
    assert {name for name in names if name.partition(".")[0] not in allowed} == set()


@pytest.mark.unit
def test_the_house_rules_hold_here_as_well():
    functions = [
        (path.name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]

    assert [one for one in functions if one[2] > LONGEST_FUNCTION] == []
    assert [p for p in TREES if len(p.read_text().splitlines()) > LONGEST_FILE] == []
    assert [path for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


@pytest.mark.unit
def test_what_is_installed_is_what_is_pinned():
    """The bounds of the distribution are those of requirements/cli.in."""
    project = (ROOT / "cli/pyproject.toml").read_text()
    (asked,) = re.findall(r"^dependencies = \[(.*)\]$", project, re.MULTILINE)
    pinned = (ROOT / "requirements/cli.in").read_text().splitlines()
    version = re.findall(r'^version = "(.*)"$', project, re.MULTILINE)

    assert re.findall(r'"([^"]+)"', asked) == [one for one in pinned if one[0] not in "#-"]
    assert version == re.findall(r'__version__ = "(.*)"', (PACKAGE / "__init__.py").read_text())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["nonsense"], 2),
        (["key", "nonsense"], 2),
        (["key", "rename", "one"], 2),
        (["whoami", "--nonsense"], 2),
        (["completion", "powershell"], 2),
        (["whoami"], 3),
        (["whoami", "--profile", "work"], 2),  # Of no server.
        (["login"], 2),  # At no server.
        (["logout"], 2),
        (["whoami", "--server", "ftp://id.example.com"], 2),
        (["whoami", "--server", "https://user:secret@id.example.com"], 2),
        (["whoami", "--server", "https://id.example.com/?a=b"], 2),
        (["whoami", "--server", "https://id.example.com:port"], 2),
        (["whoami", "--server", "https://["], 2),
        (["whoami", "--server", "https://id.example.com\n.evil.example"], 2),
        (["whoami", "--server", "https://id.example.com", "--profile", "../x"], 2),
        (["whoami", "--server", "https://id.example.com"], 3),
        (["login", "--device", "--no-browser", "--server", "https://id.example.com"], 2),
    ],
)
def test_a_wrong_call_is_told_apart_from_a_missing_sign_in(
    tmp_path: Path, arguments: list[str], code: int
):
    done = Cli(tmp_path, "").run(*arguments)

    assert done.code == code, done.said
    assert "Traceback" not in done.err
    assert (done.out == "") == (code != 0)


@pytest.mark.unit
@pytest.mark.parametrize("host", ["id.example.com", "192.0.2.1", "localhost.evil.example", "10.1"])
@pytest.mark.parametrize("command", [["whoami"], ["login"], ["key", "list"]])
def test_http_goes_to_this_machine_alone(tmp_path: Path, host: str, command: list[str]):
    token = "a-token-of-somebody"

    done = Cli(tmp_path, f"http://{host}").run(*command, GATEHOUSE_TOKEN=token)

    assert (done.code, "https://" in done.err) == (2, True)
    assert token not in done.said


@pytest.mark.integration
@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        ("200 OK", "<html>Hello</html>", 5),
        ("200 OK", {"hello": "world"}, 5),
        ("302 Found", "", 5),
        ("400 Bad Request", refusal("VALIDATION_ERROR", "No."), 4),
        ("401 Unauthorized", refusal("INVALID_TOKEN", "No."), 3),
        ("401 Unauthorized", refusal("STEP_UP_REQUIRED", "No."), 6),
        ("403 Forbidden", refusal("AUTHORIZATION_ERROR", "No."), 4),
        ("403 Forbidden", refusal("REAUTHENTICATION_REQUIRED", "No."), 6),
        ("403 Forbidden", refusal("MFA_COMPLIANCE_REQUIRED", "No."), 6),
        ("404 Not Found", refusal("NOT_FOUND", "No."), 1),
        ("409 Conflict", refusal("CONFLICT", "No."), 4),
        ("429 Too Many Requests", refusal("RATE_LIMIT_EXCEEDED", "No."), 5),
        ("500 Internal Server Error", refusal("INTERNAL_ERROR", "No."), 5),
        ("502 Bad Gateway", "<h1>Bad gateway</h1>", 5),
    ],
)
def test_what_a_server_answers_has_an_exit_code(
    tmp_path: Path, status: str, content: object, code: int
):
    token = "a-token-of-somebody"
    with staged() as stage:
        stage.plays["/api/v1/auth/me"] = lambda _form: (status, content)
        done = Cli(tmp_path, stage.url).run("whoami", "--json", GATEHOUSE_TOKEN=token)

    assert (done.code, done.out) == (code, ""), done.said
    assert token not in done.said
    assert "Traceback" not in done.err


@pytest.mark.unit
def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path: Path):
    for arguments in (["whoami"], ["login"], ["key", "list"]):
        done = Cli(tmp_path, "http://127.0.0.1:1").run(*arguments, GATEHOUSE_TOKEN="x")
        assert (done.code, done.out) == (5, "")
        assert "http://127.0.0.1:1 is not reached" in done.err


@pytest.mark.integration
def test_a_server_says_of_itself_what_it_is(tmp_path: Path):
    """RFC 8414 3.3, RFC 9700 4.4: nobody is signed in where codes could go to somebody else."""
    changes = {
        "another issuer": ({"issuer": "https://evil.example"}, 2),
        "another place": ({"token_endpoint": "https://evil.example/token"}, 5),
        "unprotected": ({"authorization_endpoint": "http://evil.example/"}, 5),
        "no endpoint": ({"device_authorization_endpoint": None}, 5),
        "an API that is unprotected": ({"protected_resources": ["http://evil.example/"]}, 5),
    }
    with staged() as stage:
        whole = stage.metadata
        for name, (change, code) in changes.items():
            told = {**whole, **change}
            stage.plays["/.well-known/openid-configuration"] = lambda _form, told=told: (OK, told)
            done = Cli(tmp_path, stage.url).run("login", BROWSER="true %s")
            assert (done.code, done.out) == (code, ""), (name, done.said)
    assert [path for path, _form in stage.calls if "well-known" not in path] == []


@pytest.mark.integration
def test_names_cannot_steer_the_terminal(tmp_path: Path):
    name = f"{ESCAPE}[2J\r\u202e\x9b2J\ud800evil\nacme\towner\tAcme"
    organizations = [{"slug": "a", "role": "owner", "name": name}]
    me = {
        "user": {"email": "kim@x", "full_name": f"{ESCAPE}]0;x\a"},
        "organizations": organizations,
    }
    with staged() as stage:
        stage.plays["/api/v1/auth/me"] = lambda _form: (OK, enveloped(me))
        cli = Cli(tmp_path, stage.url, {"GATEHOUSE_TOKEN": "x"})
        plain, drawn = cli.run("whoami").out, on_a_terminal(cli, "whoami")
        told = cli.run("whoami", "--json")

    assert len(plain.splitlines()) == 2
    for text in (plain, drawn, told.out):
        assert [part for part in STEERING if part in text] == []
    assert told.json["organizations"] == organizations


def on_a_terminal(cli: Cli, *arguments: str, typed: bytes = b"", **env: str) -> str:
    """What somebody sees before a terminal."""
    mine, theirs = pty.openpty()
    chosen = {**cli.environment, "TERM": "xterm-256color", **env}
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, *arguments], env=chosen, stdout=theirs, stderr=theirs, stdin=theirs
    ) as process:
        os.close(theirs)
        os.write(mine, typed)
        seen = b""
        try:
            while part := os.read(mine, 4096):
                seen += part
        except OSError:  # The other side is closed.
            pass
        os.close(mine)
        assert process.wait(timeout=20) == 0, seen
    return seen.decode()


@pytest.mark.integration
def test_colours_are_for_terminals_of_those_who_want_them(tmp_path: Path):
    row = {"slug": "acme", "role": "owner", "name": "Acme"}
    me = {"user": {"email": "kim@x", "full_name": "Kim"}, "organizations": [row]}
    with staged() as stage:
        stage.plays["/api/v1/auth/me"] = lambda _form: (OK, enveloped(me))
        cli = Cli(tmp_path, stage.url, {"GATEHOUSE_TOKEN": "x"})

        assert ESCAPE in on_a_terminal(cli, "whoami")
        for plain in (
            on_a_terminal(cli, "whoami", NO_COLOR="1"),
            on_a_terminal(cli, "--no-color", "whoami"),
            on_a_terminal(cli, "whoami", "--no-color"),
            cli.run("whoami").out,
        ):
            assert plain.replace("\r", "") == f"Kim <kim@x> at {stage.url}\nacme\towner\tAcme\n"
        assert cli.run("--json", "whoami").json == cli.run("whoami", "--json").json == me


@pytest.mark.unit
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_commands(tmp_path: Path, shell: str):
    script = Cli(tmp_path, "").run("completion", shell)
    assert script.code == 0
    assert f"_GATEHOUSE_COMPLETE={shell}_complete" in script.out

    told = {"_GATEHOUSE_COMPLETE": "bash_complete", "COMP_WORDS": "gatehouse l", "COMP_CWORD": "1"}
    assert Cli(tmp_path, "", told).run().out.split() == ["plain,login", "plain,logout"]
    told |= {"COMP_WORDS": "gatehouse key r", "COMP_CWORD": "2"}
    assert Cli(tmp_path, "", told).run().out.split() == ["plain,rename", "plain,rm"]


@pytest.mark.integration
def test_somebody_at_a_terminal_is_asked_before_a_key_is_deleted(tmp_path: Path):
    steers = f"{ESCAPE}]0;evil\a"
    row = {"id": "1", "name": f"Laptop{steers}", "fingerprint": "SHA256:abc"}
    with staged() as stage:
        stage.plays["/api/v1/ssh/keys"] = lambda _form: (OK, enveloped({"keys": [row]}))
        stage.plays["/api/v1/ssh/keys/1"] = lambda _form: (OK, enveloped({"status": "deleted"}))
        cli = Cli(tmp_path, stage.url, {"GATEHOUSE_TOKEN": "x"})
        seen = on_a_terminal(cli, "key", "rm", "SHA256:abc", typed=b"y\n")

        assert re.search(r"Delete Laptop.* \(SHA256:abc\)\?", seen)
        assert re.search(r"Deleted Laptop.*\.", seen)
        assert [part for part in STEERING if part in seen] == []
        assert stage.count("/api/v1/ssh/keys/1") == 1
