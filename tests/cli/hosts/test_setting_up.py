"""How a machine is set up and taken out, by sshd's own word; and how it stands between."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from gatehouse.ssh_hosts.rules.snippets import install_script
from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import BASE, DAY, NAME, PlayedHost, no_such_key
from tests.cli.stage import refusal
from tests.openssh import make_key

pytestmark = pytest.mark.integration


def test_keys_that_are_not_certified_are_left_out(box: Box, gate: PlayedHost):
    """A machine of before has short keys, too."""
    gate.refuses = [no_such_key("WEAK_KEY", 0)]

    done = box.run("enroll", "token", "--json")

    assert (done.code, "too weak" in done.err) == (0, True), done.said
    (certificate,) = done.json["certificates"]
    assert certificate["file"] == str(box.certificate)
    gate.refuses = [no_such_key("WEAK_KEY", 0)]
    named = box.run("enroll", "token", "--key", str(box.ssh / "ssh_host_ecdsa_key"))
    assert named.code == 4


def test_the_lines_can_be_left_to_whoever_likes_to_write_them(box: Box, gate: PlayedHost):
    done = box.run("enroll", "token", "--no-sshd-config")

    assert done.code == 0, done.said
    assert not box.drop_in.exists()
    assert f'RevokedKeys "{box.folder}/revoked.krl"' in done.out.splitlines()
    told = box.run("enroll", "token", "--no-sshd-config", "--json")
    assert told.json["sshd_config"] == done.out
    assert "sshd_config" not in box.run("status", "--json").json
    assert box.sync().code == 0
    # Files that sshd goes by do not go.
    box.configure(*done.out.splitlines())
    was = box.used
    gone = box.run("uninstall", "--reloaded")
    assert (gone.code, "first" in gone.err) == (1, True)
    assert box.used == was
    box.configure()
    assert box.run("uninstall", "--reloaded").code == 0
    assert not box.folder.exists()


@pytest.mark.parametrize(
    "config",
    ["Nonsense yes", "RevokedKeys /etc/mine", "TrustedUserCAKeys /etc/mine", "no include"],
)
def test_where_sshd_is_otherwise_the_token_stays_good(box: Box, gate: PlayedHost, config: str):
    if config == "no include":
        box.config.write_text(box.config.read_text().replace("Include", "# Include"))
    else:
        box.configure(config)

    done = box.run("enroll", "token")

    assert (done.code, done.out) == (1, ""), done.said
    assert gate.stage.calls == []
    assert box.used == {}
    assert not box.folder.exists()


@pytest.mark.parametrize("fault", ["token", "key", "server"])
def test_where_nothing_comes_of_it_nothing_is_left(box: Box, gate: PlayedHost, fault: str):
    if fault == "token":
        gate.stage.plays[f"{BASE}/enroll"] = lambda _form: (
            "401 Unauthorized",
            refusal("INVALID_ENROLL_TOKEN", "This token is not good."),
        )
    named = ["--key", str(box.ssh / "no_such_key")] if fault == "key" else []
    there = {"GATEHOUSE_SERVER": "http://127.0.0.1:1"} if fault == "server" else {}

    done = box.run("enroll", "token", *named, **there)

    assert done.code == {"token": 4, "key": 2, "server": 5}[fault], done.said
    assert not box.folder.exists()
    box.folder.mkdir(mode=0o700)
    for names in ([], ["own"]):
        for name in names:
            (box.folder / name).touch()
        assert box.run("enroll", "token", *named, **there).code == done.code
        assert [path.name for path in box.folder.iterdir()] == names
        assert box.folder.stat().st_mode & 0o777 == 0o700


def test_what_comes_next_is_for_the_same_machine(box: Box, gate: PlayedHost):
    at = f"--etc '{box.etc}'"
    done = box.run("enroll", "token")
    assert done.err.rstrip().endswith(f"gatehouse host install-timer {at}")
    (box.folder / "user-ca.pub").unlink()
    assert f"gatehouse host sync {at}\n" in box.run("status").err
    assert f"gatehouse host uninstall --reloaded {at}\n" in box.run("uninstall").err
    assert box.run("uninstall", "--reloaded").code == 0
    elsewhere = box.etc / "elsewhere"
    again = box.run("enroll", "token", "--folder", str(elsewhere))
    assert f"install-timer {at} --folder '{elsewhere}'" in again.err


def test_two_do_not_write_the_same_files(box: Box, gate: PlayedHost):
    """What the script leaves would go on with its own organization's, each minute."""
    at = f"{gate.stage.url}/api/v1/ssh/orgs/acme"
    keys = [gate.people.key.public.strip()]
    text = install_script(org="acme", server=gate.stage.url, files_url=at, user_keys=keys)
    path = {"PATH": os.defpath, "GATEHOUSE_ETC": str(box.ssh)}
    subprocess.run(["/bin/sh"], input=text, text=True, check=True, env=path)
    refresh, timer = box.folder / "refresh", box.etc / "cron.d" / "gatehouse"
    timer.parent.mkdir()
    timer.write_text(f"* * * * * root {refresh}\n")
    was, gate.stage.calls = box.used, []

    done = box.run("enroll", "token", "--no-sshd-config")

    assert (done.code, done.out) == (1, ""), done.said
    assert (box.used, gate.stage.calls) == (was, [])
    _, _, command = done.err.strip().rpartition(": ")
    subprocess.run(["/bin/sh", "-c", command], check=True)  # noqa: S603
    assert (refresh.exists(), timer.exists()) == (False, False)
    assert box.run("enroll", "token").code == 0
    assert box.run("status").code == 0
    again = subprocess.run(
        ["/bin/sh"], input=text, capture_output=True, text=True, check=False, env=path
    )
    assert (again.returncode, "host sync" in again.stderr) == (1, True)
    assert not refresh.exists()


def test_a_line_that_does_not_count_is_taken_back(box: Box, gate: PlayedHost):
    """Where another file of that folder comes first, only for who asks sshd in the end."""
    early = box.drop_in.with_name("a.conf")
    early.write_text("AuthorizedPrincipalsFile none\n")

    done = box.run("enroll", "token")

    assert (done.code, "another one is first" in done.err) == (1, True), done.said
    assert not box.drop_in.exists()
    early.unlink()
    assert box.sync().code == 0
    assert box.drop_in.exists()


def test_the_server_is_named_as_everywhere(box: Box, gate: PlayedHost):
    named = {"GATEHOUSE_SERVER": "", "SIGN_URL": f"{gate.stage.url}/api/v1/sign"}
    assert box.run("enroll", "token", GATEHOUSE_SERVER="").code == 2
    assert box.run("enroll", "token", **named).code == 0


def test_lines_that_sshd_lost_are_found(enrolled: Box):
    """All files may be in place, and nobody goes by them."""
    assert enrolled.run("status").code == 0
    lines = enrolled.drop_in.read_text()

    enrolled.drop_in.unlink()

    lost = enrolled.run("status", "--json")
    assert (lost.code, len(lost.json["problems"])) == (1, 1)
    assert str(enrolled.drop_in) in lost.json["problems"][0]
    enrolled.drop_in.write_text(lines)
    early = enrolled.drop_in.with_name("a.conf")
    early.write_text("RevokedKeys none\n")
    other = enrolled.run("status")
    assert (other.code, "does not go by RevokedKeys" in other.err) == (1, True), other.said
    early.write_text("Nonsense yes\n")
    assert "sshd refuses" in enrolled.run("status").err


OTHERS = {
    "for some people": ('Match User kim\n    TrustedUserCAKeys "{folder}/user-ca.pub"', ""),
    "of another place": ('Include "{elsewhere}"', 'RevokedKeys "{folder}/revoked.krl"'),
}


@pytest.mark.parametrize("what", OTHERS)
def test_files_that_are_named_elsewhere_stay(box: Box, gate: PlayedHost, what: str):
    """sshd refuses every key while RevokedKeys names a file that is not there."""
    elsewhere, timer = box.etc / "other.conf", box.etc / "cron.d" / "gatehouse-host-sync"
    assert box.run("enroll", "token").code == 0
    assert box.run("install-timer", "--cron").code == 0
    config, other = (text.format(folder=box.folder, elsewhere=elsewhere) for text in OTHERS[what])
    elsewhere.write_text(f"{other}\n")
    box.configure(config)
    was = box.used

    done = box.run("uninstall", "--reloaded")

    assert (done.code, "take the lines" in done.err) == (1, True), done.said
    # Until then they are kept fresh.
    assert (box.used, timer.exists()) == (was, True)
    box.configure(f"# RevokedKeys {box.folder}/revoked.krl", f'Banner "{box.folder}-of-before/x"')
    gone = box.run("uninstall", "--reloaded")
    assert gone.code == 0, gone.said
    assert not timer.exists()
    assert not box.folder.exists()


def test_a_list_that_is_one_of_several_stays(enrolled: Box):
    """OpenSSH 10.3 takes several, and shows them on one line."""
    programs = enrolled.etc / "programs"
    programs.mkdir()
    newer = programs / "sshd"
    newer.write_text(f"#!/bin/sh\necho 'revokedkeys /etc/own.krl {enrolled.folder}/revoked.krl'\n")
    newer.chmod(0o755)
    was, path = enrolled.used, f"{programs}:{enrolled.cli.environment['PATH']}"

    done = enrolled.run("uninstall", "--reloaded", PATH=path)

    assert (done.code, "take the lines" in done.err) == (1, True), done.said
    assert enrolled.used == was


def test_all_that_is_taken_away_is_listed(enrolled: Box):
    assert enrolled.run("install-timer", "--cron").code == 0
    timer = enrolled.etc / "cron.d" / "gatehouse-host-sync"
    was = {enrolled.ssh / name for name in enrolled.used} | {enrolled.folder / "state.json", timer}

    done = enrolled.run("uninstall", "--reloaded", "--json")

    assert done.code == 0, done.said
    assert sorted(done.json["removed"]) == sorted(map(str, was))


def test_uninstalling_waits_for_sshd(enrolled: Box):
    was = enrolled.used

    done = enrolled.run("uninstall")

    assert (done.code, "--reloaded" in done.err) == (1, True)
    del was["sshd_config.d/gatehouse.conf"]
    assert enrolled.used == was
    gone = enrolled.run("uninstall", "--reloaded", "--json")
    assert gone.code == 0
    assert {str(enrolled.ssh / name) for name in was} < set(gone.json["removed"])
    assert enrolled.used == {}
    again = enrolled.run("uninstall")
    assert (again.code, "This machine is not enrolled" in again.err) == (1, True), again.said


def test_the_help_of_sync_names_its_exit_codes(box: Box):
    page = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text()
    table = page.partition("| `host sync` ends with |")[2].partition("\n\n")[0]
    codes = re.findall(r"^\| (\d) \|", table, re.MULTILINE)

    said = " ".join(box.run("sync", "--help").out.split()).partition("Exit ")[2]

    assert codes == ["0", "1", "2", "3", "4", "5"]
    assert re.findall(r"(\d) if", said) == codes


@pytest.mark.parametrize(
    ("begins", "ends", "arguments", "code"),
    [
        (-300, 30 * DAY, [], 1),
        (-20 * DAY, 11 * DAY, [], 1),
        (-21 * DAY, 10 * DAY, [], 0),
        (-300, 2 * DAY, ["--within", "24h"], 1),
        (-300, 2 * DAY, ["--within", "3d"], 0),
        (-300, 2 * DAY, ["--within", "99%"], 1),
        (-2 * DAY, -60, ["--within", "0%"], 0),
        (-300, 2 * DAY, ["--within", "soon"], 2),
        (-300, 2 * DAY, ["--within", "100%"], 2),
        (None, None, [], 0),
    ],
)
def test_whether_renewal_is_due_is_an_exit_code(
    enrolled: Box, gate: PlayedHost, begins: int | None, ends: int, arguments: list[str], code: int
):
    """SSH-20."""
    if begins is None:
        enrolled.certificate.unlink()
    else:
        how = {"principals": [NAME], "host": True, "begins": begins, "ends": ends}
        enrolled.certificate.write_text(gate.machines.sign(enrolled.host_line, **how))

    done = enrolled.run("needs-renewal", *arguments)

    assert (done.code, done.out) == (code, ""), done.said


@pytest.mark.parametrize("fault", ["none", "damaged", "of an earlier release", "readable"])
@pytest.mark.parametrize(
    ("command", "code"), [("needs-renewal", 2), ("sync", 1), ("status", 1), ("renew", 1)]
)
def test_who_is_not_enrolled_is_told_so(enrolled: Box, fault: str, command: str, code: int):
    state = enrolled.folder / "state.json"
    if fault == "none":
        state.unlink()
    elif fault == "damaged":
        state.write_text("{")
    elif fault == "readable":
        state.chmod(0o644)
    else:
        state.write_text(json.dumps({"server": "x"}))

    done = enrolled.run(command)

    assert (done.code, done.out) == (code, ""), done.said
    assert "nrol" in done.err
    assert "Traceback" not in done.err


def test_a_key_that_was_made_anew_has_to_be_enrolled_anew(enrolled: Box):
    began = time.time()
    for kind in ("ed25519", "ecdsa"):
        other = make_key(enrolled.directory, kind)
        (enrolled.ssh / f"ssh_host_{kind}_key.pub").write_text(other.public)

    done = enrolled.run("renew", "--force")

    assert (done.code, "anew" in done.err) == (1, True)
    sync, due, status = (enrolled.run(one) for one in ("sync", "needs-renewal", "status"))
    assert (sync.code, due.code, status.code) == (1, 2, 1)
    assert all("other keys" in one.err for one in (sync, due, status))
    assert enrolled.kept["fresh_at"] > began
