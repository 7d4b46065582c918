"""What is written for ssh, read by the real ssh."""

import os
import stat
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.cli.authority import KNOWN_HOSTS, ORGANIZATION, Authority, Played, set_up
from tests.cli.homes import HOST, config, folder, ssh_goes_by
from tests.cli.programs import Cli
from tests.openssh import make_key

pytestmark = pytest.mark.integration

TOKEN = "a-token-of-somebody"
OF_ACME = KNOWN_HOSTS.format(ORGANIZATION["id"])
THEIRS = "# Mine\nHost *.other.example\n    User kim\n\nHost *\n    ServerAliveInterval 30\n"


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine whose home has a blank in its name, and on which nothing is set up."""
    home = tmp_path / "home of kim"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    return Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": TOKEN})


def test_ssh_uses_what_was_set_up(machine: Cli, played: Played):
    """SSH-27, SSH-29."""
    config(machine).write_text(THEIRS)
    config(machine).chmod(0o640)

    told = set_up(machine)

    assert told["patterns"] == ["*.acme.example"]
    inside = ssh_goes_by(machine)
    assert inside["identityfile"] == [str(folder(machine) / "acme")]
    assert inside["certificatefile"] == [str(folder(machine) / "acme-cert.pub")]
    assert inside["identitiesonly"] == ["yes"]
    (known_hosts,) = inside["userknownhostsfile"]
    assert known_hosts.endswith(f"/.ssh/known_hosts {folder(machine) / 'acme-known_hosts'}")
    assert (folder(machine) / "acme-known_hosts").read_text() == played.known_hosts
    assert "proxycommand" not in inside
    outside = ssh_goes_by(machine, "x.other.example")
    assert (outside["user"], outside["serveraliveinterval"]) == (["kim"], ["30"])
    assert "certificatefile" not in outside
    assert config(machine).read_text() == f"Include gatehouse/config\n{THEIRS}"
    assert stat.S_IMODE(config(machine).stat().st_mode) == 0o640
    assert (config(machine).with_name("config.before-gatehouse")).read_text() == THEIRS
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder(machine).iterdir()}
    assert stat.S_IMODE(folder(machine).stat().st_mode) == 0o700
    assert modes.pop("acme-cert.pub") == modes.pop("acme.pub") == 0o644
    assert set(modes.values()) == {0o600}
    assert TOKEN not in told.__str__()


def test_where_ssh_has_never_been_used_its_folder_is_made(machine: Cli):
    (machine.home / ".ssh").rmdir()

    set_up(machine)

    assert stat.S_IMODE((machine.home / ".ssh").stat().st_mode) == 0o700
    assert stat.S_IMODE(config(machine).stat().st_mode) == 0o600
    assert not (machine.home / ".ssh" / "config.before-gatehouse").exists()


def test_what_was_there_before_us_is_kept_as_it_was(machine: Cli):
    config(machine).write_text(THEIRS)
    set_up(machine)
    set_up(machine, "--inline")
    assert machine.run("ssh", "setup", "--remove").code == 0

    assert config(machine).read_text() == THEIRS
    assert config(machine).with_name("config.before-gatehouse").read_text() == THEIRS


def test_setting_up_again_changes_nothing(machine: Cli, played: Played):
    config(machine).write_text(THEIRS)
    set_up(machine, "--host", "*.acme.example", "--host", "!old.acme.example")
    before = {path: path.read_bytes() for path in folder(machine).iterdir() if path.is_file()}
    wanted = (config(machine).stat().st_ino, config(machine).read_bytes())
    played.asked.clear()

    again = set_up(machine)

    assert again["patterns"] == ["*.acme.example", "!old.acme.example"]
    assert {path: path.read_bytes() for path in before} == before
    assert (config(machine).stat().st_ino, config(machine).read_bytes()) == wanted
    assert (played.asked, len(played.keys)) == ([], 1)
    assert "certificatefile" in ssh_goes_by(machine)
    assert "certificatefile" not in ssh_goes_by(machine, "old.acme.example")


def test_a_configuration_in_a_repository_is_edited_there(machine: Cli):
    repository = machine.home / "dotfiles"
    repository.mkdir()
    (repository / "ssh").write_text(THEIRS)
    (repository / "ssh").chmod(0o644)
    config(machine).symlink_to("../dotfiles/ssh")

    set_up(machine)

    assert config(machine).is_symlink()
    assert (repository / "ssh").read_text() == f"Include gatehouse/config\n{THEIRS}"
    assert stat.S_IMODE((repository / "ssh").stat().st_mode) == 0o644
    assert [path.name for path in repository.iterdir()] == ["ssh"]


@pytest.mark.parametrize("what", ["nothing", "itself", "a folder", "a device", "everybody's"])
def test_a_link_is_not_followed_to_just_anywhere(machine: Cli, what: str):
    elsewhere = machine.home / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "config").write_text(THEIRS)
    target = {
        "nothing": elsewhere / "missing",
        "itself": config(machine),
        "a folder": elsewhere,
        "a device": Path("/dev/null"),
        "everybody's": elsewhere / "config",
    }[what]
    if what == "everybody's":
        elsewhere.chmod(0o777)
    config(machine).symlink_to(target)

    done = machine.run("ssh", "setup", "--org", "acme")

    assert (done.code, "Nothing was changed" in done.err) == (1, True), done.said
    assert config(machine).is_symlink()
    assert (elsewhere / "config").read_text() == THEIRS
    assert not (elsewhere / "missing").exists()


@pytest.mark.parametrize(
    "before", [None, "", THEIRS, "Host a\r\n  User b\r\n", "Host é\n", "no end"]
)
@pytest.mark.parametrize("way", [(), ("--inline",)])
def test_what_was_set_up_is_taken_back_whole(machine: Cli, before: str | None, way: tuple[str]):
    raw = before.encode("latin-1") if before is not None else b""
    if before is not None:
        config(machine).write_bytes(raw)
    set_up(machine, *way)
    assert config(machine).read_bytes() != raw
    (folder(machine) / "acme.refusal").write_text("{}")

    done = machine.run("ssh", "setup", "--remove")

    assert done.code == 0, done.said
    assert config(machine).read_bytes() == raw
    left = {path.name for path in folder(machine).iterdir()}
    assert left == {"acme", "acme.pub", "organizations.json", "organizations.json.lock"}
    assert str(folder(machine) / "acme") in done.err
    again = machine.run("ssh", "setup", "--remove")
    assert (again.code, "Traceback" in again.err) == (1, False)


def test_all_can_stand_in_the_file_itself(machine: Cli):
    """SSH-28: for programs that read no Include. What follows is for every host, as before."""
    config(machine).write_text(f"User everybody\n{THEIRS}")

    set_up(machine, "--inline")

    text = config(machine).read_text()
    assert "Include" not in text
    assert not (folder(machine) / "config").exists()
    assert ssh_goes_by(machine)["certificatefile"] == [str(folder(machine) / "acme-cert.pub")]
    assert ssh_goes_by(machine)["user"] == ["everybody"]
    outside = ssh_goes_by(machine, "x.example")
    assert (outside["user"], "certificatefile" in outside) == (["everybody"], False)
    set_up(machine, "--host", "*.new.example")
    assert "*.new.example" in config(machine).read_text()
    assert config(machine).read_text().count("# gatehouse begins") == 1


def test_what_would_be_written_can_be_read_first(machine: Cli, played: Played):
    config(machine).write_text(THEIRS)

    printed = machine.run("ssh", "setup", "--print", "--host", "*.acme.example")

    assert (printed.code, played.keys, played.asked) == (0, [], [])
    assert not folder(machine).exists()
    assert config(machine).read_text() == THEIRS
    set_up(machine)
    assert (folder(machine) / "config").read_text().endswith(printed.out)


def test_several_organizations_stand_beside_each_other(machine: Cli, played: Played):
    played.organizations.append({"id": "2", "slug": "beta", "name": "Beta"})
    lines = played.known_hosts.replace("acme.example", "beta.example")
    played.stage.plays[KNOWN_HOSTS.format(2)] = lambda _form: ("200 OK", lines)
    unclear = machine.run("ssh", "setup")
    assert (unclear.code, "acme | beta" in unclear.err) == (2, True)
    set_up(machine)
    played.signs = {"key_id": "gh1:beta:u:kim@example.com:c"}

    assert machine.run("ssh", "setup", "--org", "beta").code == 0

    for org in ("acme", "beta"):
        found = ssh_goes_by(machine, f"a.{org}.example")
        assert found["certificatefile"] == [str(folder(machine) / f"{org}-cert.pub")]
    assert machine.run("ssh", "setup", "--remove", "--org", "acme").code == 0
    assert "certificatefile" not in ssh_goes_by(machine, "a.acme.example")
    assert "certificatefile" in ssh_goes_by(machine, "a.beta.example")


@pytest.mark.parametrize("slug", ["config", "acme-cert", "organizations"])
def test_the_name_of_an_organization_takes_no_file_of_another(
    machine: Cli, played: Played, slug: str
):
    set_up(machine)
    played.organizations.append({"id": "2", "slug": slug, "name": "Other"})
    lines = played.known_hosts.replace("acme.example", "other.example")
    played.stage.plays[KNOWN_HOSTS.format(2)] = lambda _form: ("200 OK", lines)
    before = {path: path.read_bytes() for path in folder(machine).glob("acme*")}
    played.signs = {"key_id": f"gh1:{slug}:u:kim@example.com:c"}

    assert machine.run("ssh", "setup", "--org", slug).code == 0

    assert {path: path.read_bytes() for path in before} == before
    for org, host in (("acme", "a.acme.example"), (slug, "a.other.example")):
        found = ssh_goes_by(machine, host)
        assert found["certificatefile"] == [str(folder(machine) / f"{org}-cert.pub")]
        assert machine.run("ssh", "ensure", "--quiet", "--org", org).said == ""


def test_a_key_that_is_there_can_be_used(machine: Cli, tmp_path: Path):
    """The certificate of each organization has a place of its own all the same."""
    place = tmp_path / "keys of kim"
    place.mkdir()
    pair = make_key(place)

    told = set_up(machine, "--key", str(pair.path))

    assert told["key"] == str(pair.path)
    assert ssh_goes_by(machine)["identityfile"] == [str(pair.path)]
    assert not (folder(machine) / "acme").exists()
    assert not Path(f"{pair.path}-cert.pub").exists()
    assert set_up(machine, "--host", "*.new.example")["key"] == str(pair.path)
    pair.path.unlink()
    told = set_up(machine, "--key", f"{pair.path}.pub")
    assert ssh_goes_by(machine, "a.new.example")["identityfile"] == [f"{pair.path}.pub"]


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            'a"b',
            "a'b",
            "a b",
            "a\nHost *",
            "a\tb",
            "%h",
            "a%%b",
            "a,b",
            "#a",
            "a;b",
            "$(id)",
            "`id`",
        ),
        *("", "*", "**", "*.*", "?*", "!*", "a\\", "é.example", "a" * 300),
    ],
)
def test_a_pattern_that_could_mean_something_else_is_named(
    machine: Cli, played: Played, pattern: str
):
    done = machine.run("ssh", "setup", "--host", "good.example", "--host", pattern)

    assert (done.code, repr(pattern) in done.err) == (2, True), done.err
    assert (played.keys, folder(machine).exists(), config(machine).exists()) == ([], False, False)


def test_patterns_that_the_server_names_are_looked_at_too(machine: Cli, played: Played):
    key = played.authority.key.public
    plays = played.stage.plays
    for text, code in (
        (f"@cert-authority * {key}", 2),
        (f"@cert-authority a;b {key}", 2),
        (f"@cert-authority *.acme.example,!x {key}", 0),
    ):
        plays[OF_ACME] = lambda _form, text=text: ("200 OK", text)
        assert machine.run("ssh", "setup").code == code, text
    plays[OF_ACME] = lambda _form: ("404 Not Found", "")
    done = machine.run("ssh", "setup", "--host", "a.example", "--org", "acme")
    assert (done.code, "no authority for machines" in done.err) == (0, True)


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a%b", "a$b", "a\\b", "a`b", "a\nb", "a!b"])
def test_a_path_that_could_mean_something_else_is_named(machine: Cli, tmp_path: Path, name: str):
    pair = make_key(tmp_path)
    place = tmp_path / name
    pair.path.rename(place)
    Path(f"{pair.path}.pub").rename(f"{place}.pub")

    done = machine.run("ssh", "setup", "--key", str(place))

    assert (done.code, repr(name)[1:-1] in done.err) == (2, True), done.err
    assert not config(machine).exists()


@pytest.mark.parametrize(
    "text",
    [
        "<html>Sign in</html>",
        "web1.acme.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "@cert-authority * ssh-ed25519",
        "@cert-authority * ssh-ed25519 ???",
        "@cert-authority * ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "@cert-authority a ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\nb ssh-ed25519 AAAA",
        # What ends a line for Python, and not for ssh.
        *(f"{end}#,{HOST} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==" for end in "\r\v\f\x1c\u2028"),
    ],
)
def test_known_hosts_are_replaced_by_known_hosts_alone(machine: Cli, played: Played, text: str):
    """A proxy's page, or a single key of a machine, is not believed."""
    set_up(machine)
    path = folder(machine) / "acme-known_hosts"
    played.stage.plays[OF_ACME] = lambda _form: ("200 OK", text)

    done = machine.run("ssh", "known-hosts")

    assert (done.code, done.out) == (5, ""), done.said
    assert path.read_text() == played.known_hosts
    revoked = f"{played.known_hosts}@revoked * {played.authority.key.public}"
    played.stage.plays[OF_ACME] = lambda _form: ("200 OK", revoked)
    done = machine.run("ssh", "known-hosts", "--json")
    assert done.json == {"file": str(path), "patterns": ["*.acme.example"]}
    assert path.read_text() == revoked


def test_known_hosts_never_come_from_whoever_has_the_slug_later(
    machine: Cli, played: Played, tmp_path: Path
):
    """Threat 123: a deleted organization leaves its slug, and its machines go on for a while."""
    set_up(machine)
    other = Authority.made(tmp_path / "other").key.public
    lines = f"@cert-authority *.acme.example {other}"
    played.stage.plays[KNOWN_HOSTS.format("acme")] = lambda _form: ("200 OK", lines)

    assert machine.run("ssh", "known-hosts").code == 0

    assert (folder(machine) / "acme-known_hosts").read_text() == played.known_hosts


def test_where_no_certificate_is_given_the_rest_is_set_up(machine: Cli, played: Played):
    """ssh gets it when it may."""
    played.refuse("403 Forbidden", "STEP_UP_REQUIRED")

    done = machine.run("ssh", "setup", "--org", "acme")

    assert (done.code, "login --step-up" in done.err) == (6, True)
    played.stage.plays["/api/v1/ssh/sign"] = played._sign  # noqa: SLF001
    assert "certificatefile" in ssh_goes_by(machine)
    assert (folder(machine) / "acme-cert.pub").exists()


def can_be_at_home() -> bool:
    program = which("unshare")
    if program is None:
        return False
    done = subprocess.run([program, "-m", "true"], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


@pytest.mark.skipif(not can_be_at_home(), reason="not allowed to unshare")
def test_ssh_finds_it_at_home_by_itself(machine: Cli, tmp_path: Path):
    """Without -F: this account lives in that home, in a world of its own."""
    set_up(machine)
    accounts = tmp_path / "passwd"
    accounts.write_text(f"kim:x:{os.getuid()}:{os.getgid()}::{machine.home}:/bin/sh\n")
    script = 'mount --bind "$0" /etc/passwd && exec ssh -G "$1"'

    done = subprocess.run(  # noqa: S603
        [which("unshare") or "", "-m", "sh", "-c", script, str(accounts), HOST],
        env=machine.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"certificatefile {folder(machine) / 'acme-cert.pub'}" in done.stdout, done.stderr
