"""A certificate whenever ssh wants one: at once if there is one, and never for long if not."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gatehouse_cli.certificates import read_certificate
from tests.cli.authority import (
    HOUR,
    KNOWN_HOSTS,
    ORGANIZATION,
    Played,
    put_certificate,
    set_up,
)
from tests.cli.programs import COMMAND, Cli
from tests.cli.stage import OK
from tests.openssh import make_key

pytestmark = pytest.mark.integration

ENSURE = ("ssh", "ensure", "--quiet", "--org", "acme")
TOKEN = "a-token-of-somebody"
OF_ACME = KNOWN_HOSTS.format(ORGANIZATION["id"])


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine on which acme is set up, and the token of a session in its environment."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": TOKEN})
    set_up(cli)
    played.asked.clear()
    return cli


def certificate(machine: Cli) -> Path:
    return machine.home / ".ssh" / "gatehouse" / "acme-cert.pub"


def seconds(machine: Cli, *command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=machine.environment, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - began


def test_with_a_good_certificate_it_is_a_matter_of_milliseconds(machine: Cli, played: Played):
    """SSH-26: compared with an interpreter that does nothing, in the same minute."""
    bare, ours = [], []
    for _ in range(7):
        bare.append(seconds(machine, sys.executable, "-c", "pass"))
        ours.append(seconds(machine, *COMMAND, *ENSURE))

    assert min(ours) - min(bare) < 0.1
    assert played.asked == []


def test_with_a_good_certificate_nobody_is_asked(machine: Cli, played: Played):
    """SSH-11, SSH-26: not even whoever is signed in."""
    del machine.env["GATEHOUSE_TOKEN"]
    played.stage.calls.clear()

    done, told = machine.run(*ENSURE), machine.run("ssh", "ensure")

    assert (done.code, done.said) == (0, "")
    assert (told.code, told.out, "long enough" in told.err) == (0, "", True)
    assert played.stage.calls == []


@pytest.mark.parametrize(
    "how",
    [
        {"begins": -600, "ends": -1},
        {"begins": -600, "ends": 90},
        {"begins": 600, "ends": HOUR},
        {"begins": -600, "ends": HOUR, "host": True, "principals": ("a.example",)},
    ],
)
def test_what_is_over_or_not_yet_good_is_replaced(
    machine: Cli, played: Played, how: dict[str, Any]
):
    path = put_certificate(machine, played.authority, **how)

    done = machine.run(*ENSURE)

    assert (done.code, done.said) == (0, ""), done.said
    assert read_certificate(path).state(time.time() + HOUR / 2) == "valid"
    assert len(played.asked) == 1


@pytest.mark.parametrize("what", ["nothing", "junk", "another key", "a folder", "nobody's to read"])
def test_whatever_is_in_its_place_is_replaced_or_named(
    machine: Cli, played: Played, tmp_path: Path, what: str
):
    """Threat 221."""
    path = certificate(machine)
    path.unlink()
    match what:
        case "junk":
            path.write_text("\0junk")
        case "another key":
            other = make_key(tmp_path).public
            path.write_text(played.authority.sign(other))
        case "a folder":
            path.mkdir()
        case "nobody's to read":
            path.symlink_to("/proc/self/mem")

    done = machine.run(*ENSURE)

    assert "Traceback" not in done.err
    if what == "a folder":
        assert (done.code, str(path) in done.err) == (1, True)
    else:
        assert (done.code, done.said) == (0, "")
        assert read_certificate(path).state(time.time()) == "valid"


def test_a_shell_is_told_until_when_it_need_not_ask(machine: Cli, played: Played):
    """Two minutes before the end it asks again."""
    found = read_certificate(certificate(machine))
    times = certificate(machine).with_name("acme.times")
    assert times.read_text() == f"{found.valid_after} {found.valid_before - 120}\n"
    times.unlink()

    assert machine.run(*ENSURE).code == 0

    assert times.read_text() == f"{found.valid_after} {found.valid_before - 120}\n"
    assert played.asked == []


def test_of_many_at_once_one_asks(machine: Cli, played: Played):
    certificate(machine).unlink()

    running = [machine.start(*ENSURE) for _ in range(6)]

    assert [one.ended().code for one in running] == [0] * 6
    assert len(played.asked) == 1


def test_of_many_at_once_one_is_refused_for_all(machine: Cli, played: Played):
    certificate(machine).unlink()
    played.refuse("403 Forbidden", "NO_PRINCIPALS")
    slow = played.stage.plays["/api/v1/ssh/sign"]

    def after_a_while(form: dict[str, str]) -> tuple[str, Any]:
        time.sleep(1.5)  # Until all of them wait.
        return slow(form)

    played.stage.plays["/api/v1/ssh/sign"] = after_a_while
    running = [machine.start(*ENSURE) for _ in range(4)]
    done = [one.ended() for one in running]

    assert [one.code for one in done] == [4] * 4
    assert {one.err for one in done} == {"gatehouse: acme: No.\n"}
    assert len(played.asked) == 1
    assert machine.run(*ENSURE).code == 4
    assert len(played.asked) == 2


@pytest.mark.parametrize(
    ("status", "error_type", "code", "says"),
    [
        ("403 Forbidden", "STEP_UP_REQUIRED", 6, "gatehouse login --step-up --profile"),
        ("401 Unauthorized", "STEP_UP_REQUIRED", 6, "gatehouse login --step-up --profile"),
        ("401 Unauthorized", "INVALID_TOKEN", 3, "GATEHOUSE_TOKEN"),
        ("403 Forbidden", "NO_PRINCIPALS", 4, "No."),
        ("409 Conflict", "KEY_NOT_VERIFIED", 4, "gatehouse key verify"),
        ("503 Service Unavailable", "CA_NOT_CONFIGURED", 5, "No. Nothing was changed."),
        ("503 Service Unavailable", "SIGNER_UNAVAILABLE", 5, "No. Nothing was changed. Try again"),
        ("403 Forbidden", "MFA_COMPLIANCE_REQUIRED", 6, "/security"),
        ("429 Too Many Requests", "RATE_LIMIT_EXCEEDED", 5, "Try again"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    machine: Cli, played: Played, status: str, error_type: str, code: int, says: str
):
    put_certificate(machine, played.authority, begins=-600, ends=-60)
    played.refuse(status, error_type)

    done = machine.run(*ENSURE, BROWSER="touch opened")

    assert (done.code, done.out) == (code, ""), done.said
    assert done.err.startswith("gatehouse: acme: ")
    assert (done.err.count("\n"), says in done.err) == (1, True), done.err
    assert done.err.count("gatehouse login") <= 1
    assert TOKEN not in done.err
    assert not (machine.home / "opened").exists()


def test_whoever_is_not_signed_in_hears_which_command_signs_them_in(machine: Cli):
    certificate(machine).unlink()
    del machine.env["GATEHOUSE_TOKEN"]

    done = machine.run(*ENSURE, BROWSER="touch opened", DISPLAY=":0")

    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert f"gatehouse login --profile localhost-{machine.server.rpartition(':')[2]}" in done.err
    assert done.err.count("gatehouse login") == 1
    assert not (machine.home / "opened").exists()


def test_a_server_that_is_away_keeps_nobody_waiting(machine: Cli, played: Played):
    certificate(machine).unlink()
    place = certificate(machine).with_name("organizations.json")
    setups = json.loads(place.read_text())
    setups["acme"]["server"] = "http://127.0.0.1:1"
    place.write_text(json.dumps(setups))
    machine.env["GATEHOUSE_SERVER"] = "http://127.0.0.1:1"

    done = machine.run(*ENSURE)

    assert (done.code, done.err.count("\n")) == (5, 1)
    assert "not reached" in done.err


@pytest.mark.slow
def test_after_ten_seconds_ssh_goes_on(machine: Cli, played: Played):
    """SSH-26."""
    certificate(machine).unlink()

    def never(_form: dict[str, str]) -> tuple[str, Any]:
        time.sleep(13)
        return OK, "late"

    played.stage.plays["/api/v1/ssh/sign"] = never
    began = time.monotonic()
    done = machine.run(*ENSURE)

    assert (done.code, done.err.count("\n")) == (5, 1)
    assert "10 seconds" in done.err
    assert 9 < time.monotonic() - began < 12


def test_a_token_for_another_server_goes_there_alone(machine: Cli, played: Played):
    """Threat 223: the environment's token is the environment's server's."""
    certificate(machine).unlink()
    played.stage.calls.clear()

    done = machine.run(*ENSURE, GATEHOUSE_SERVER="https://another.example")

    assert (done.code, played.stage.calls) == (3, [])


def test_with_a_new_certificate_come_the_authorities_of_machines(machine: Cli, played: Played):
    """One that counts no more would be believed until somebody asked."""
    revoked = f"@revoked * {played.authority.key.public}\n"
    play = {"text": (OK, revoked)}
    played.stage.plays[OF_ACME] = lambda _form: play["text"]
    path = certificate(machine).with_name("acme-known_hosts")
    assert machine.run(*ENSURE).code == 0
    assert path.read_text() != revoked

    certificate(machine).unlink()
    assert machine.run(*ENSURE).code == 0

    assert path.read_text() == revoked
    for play["text"] in (("200 OK", "<html>"), ("503 Service Unavailable", "")):
        certificate(machine).unlink()
        assert machine.run(*ENSURE).said == ""
        assert path.read_text() == revoked


def test_a_wrong_clock_is_named(machine: Cli, played: Played):
    certificate(machine).unlink()
    played.signs |= {"begins": 900, "ends": 1800}

    done = machine.run(*ENSURE)

    assert (done.code, "Set the clock" in done.err) == (1, True)


def test_a_token_without_a_server_goes_to_the_one_that_is_meant_alone(machine: Cli, played: Played):
    """Where nothing is named, that is the one of the last sign-in."""
    certificate(machine).unlink()
    config = machine.home / "config" / "gatehouse" / "config.json"
    config.parent.mkdir(parents=True)
    last = {"profile": "work", "profiles": {"work": {"server": "https://another.example"}}}
    config.write_text(json.dumps(last))
    played.stage.calls.clear()

    done = machine.run(*ENSURE, GATEHOUSE_SERVER="")

    assert (done.code, played.stage.calls) == (3, [])
    last["profiles"]["work"]["server"] = played.stage.url
    config.write_text(json.dumps(last))
    assert machine.run(*ENSURE, GATEHOUSE_SERVER="").code == 0


def test_which_organization_is_meant_is_clear(machine: Cli, played: Played):
    unknown = machine.run("ssh", "ensure", "--quiet", "--org", "other")
    assert (unknown.code, "gatehouse ssh setup --org other" in unknown.err) == (1, True)
    other = {"id": "2", "slug": "other", "name": "Other"}
    played.organizations.append(other)
    hosts = played.stage.plays[OF_ACME]
    played.stage.plays[KNOWN_HOSTS.format(2)] = hosts
    assert machine.run("ssh", "setup", "--org", "other", "--host", "*.other.example").code == 0

    done = machine.run("ssh", "ensure", "--quiet")

    assert (done.code, "acme | other" in done.err) == (2, True)
    damaged = certificate(machine).with_name("organizations.json")
    for text in ("", "[]", '{"acme": 1}', '{"../acme": {}}'):
        damaged.write_text(text)
        done = machine.run(*ENSURE)
        assert (done.code, str(damaged) in done.err) == (1, True), done.err
        assert "Traceback" not in done.err


def test_where_nothing_is_set_up_it_is_said_how(tmp_path: Path):
    done = Cli(tmp_path, "").run("ssh", "ensure", "--quiet")

    assert (done.code, "gatehouse ssh setup" in done.err) == (1, True)
