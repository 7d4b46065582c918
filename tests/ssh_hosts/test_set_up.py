"""What sets a machine up: the lines for sshd, and the script that puts them there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from gatehouse.core.roles import Role
from gatehouse.ssh_hosts.rules.snippets import certificate_path, install_script, sshd_config
from tests.conftest import client_of
from tests.openssh import make_key
from tests.processes import free_port
from tests.serving import served
from tests.ssh_hosts.grounds import Grounds
from tests.tools import the_program

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQWgMGD4lyhyFsYSBQvvEcSJ6BAhzmWJzCWUxEjLh0B"


def test_the_lines_name_files_that_a_host_keeps_fresh():
    """SSH-38."""
    paths = [certificate_path(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp384", "ssh-rsa")]
    lines = sshd_config("acme", "https://id.example.com", paths).splitlines()

    assert [line for line in lines if not line.startswith("#")] == [
        "TrustedUserCAKeys /etc/ssh/gatehouse/user-ca.pub",
        "RevokedKeys /etc/ssh/gatehouse/revoked.krl",
        "AuthorizedPrincipalsFile /etc/ssh/gatehouse/principals/%u",
        "HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub",
        "HostCertificate /etc/ssh/ssh_host_ecdsa_key-cert.pub",
        "HostCertificate /etc/ssh/ssh_host_rsa_key-cert.pub",
    ]


def test_a_script_never_fetches_from_whoever_has_the_slug_later(grounds: Grounds):
    """Threat 215: the organization may be deleted by then, and its slug taken by another."""
    text = grounds.http.get(f"/api/v1/ssh/orgs/{grounds.org.slug}/install.sh").text

    assert f"/api/v1/ssh/orgs/{grounds.org.id}/krl" in text
    assert f"/{grounds.org.slug}/krl" not in text


@pytest.mark.parametrize("name", ["sshd_config", "install.sh"])
def test_both_are_there_for_everybody(grounds: Grounds, name: str):
    at = f"/api/v1/ssh/orgs/{grounds.org.slug}/{name}"
    first = grounds.http.get(at)

    assert first.status_code == 200
    assert first.headers["Content-Type"].startswith("text/")
    assert grounds.org.slug in first.text
    again = grounds.http.get(at, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["sshd_config", "install.sh"])
def test_where_there_is_nothing_to_believe_there_is_none(bare: Grounds, name: str):
    without = bare.http.get(f"/api/v1/ssh/orgs/{bare.org.slug}/{name}")
    unknown = bare.http.get(f"/api/v1/ssh/orgs/nobody-{bare.org.slug}/{name}")

    assert (without.status_code, without.json["error"]["type"]) == (404, "CA_NOT_CONFIGURED")
    assert (unknown.status_code, unknown.json["error"]["type"]) == (404, "NOT_FOUND")


def test_shellcheck_finds_nothing_in_the_script(tmp_path: Path):
    file = tmp_path / "install.sh"
    file.write_text(script())

    done = run([the_program("shellcheck"), file], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")


def script(**changed: object) -> str:
    told = {
        "org": "acme",
        "server": "https://id.example.com",
        "files_url": "https://id.example.com/api/v1/ssh/orgs/acme",
        "user_keys": [KEY],
    }
    return install_script(**{**told, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "odd", ["$(touch evil)", "`touch evil`", "'; touch evil; '", '"; touch evil']
)
def test_what_the_script_is_made_of_is_never_run(tmp_path: Path, odd: str):
    """An address of ours may hold anything that a URL may."""
    text = script(files_url=odd, user_keys=[odd])
    part = re.search(r"^krl_url=.*?(?=^fail\(\))", text, re.MULTILINE | re.DOTALL)
    assert part
    code = f'{part[0]}\nprintf \'%s|%s\' "$krl_url" "$user_keys"'

    done = run(["/bin/sh", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout == f"{odd}/krl|{odd}\n"
    assert list(tmp_path.iterdir()) == []


class Etc:
    """A folder like /etc/ssh, and the script that is run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "etc with blanks"
        self.folder.mkdir()
        self.config = self.folder / "sshd_config"
        self.ours = self.folder / "sshd_config.d" / "gatehouse.conf"
        self.krl = self.folder / "gatehouse" / "revoked.krl"
        key = make_key(self.folder).path
        self.config.write_text(
            f'Include "{self.folder}/sshd_config.d/*.conf"\nHostKey "{key}"\nPort 22\n'
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def install(self, text: str) -> CompletedProcess[str]:
        return run(
            ["/bin/sh"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.defpath, "GATEHOUSE_ETC": str(self.folder)},
        )

    def believes(self) -> dict[str, str]:
        """What sshd makes of its configuration."""
        asked = [the_program("sshd"), "-T", "-f", str(self.config)]
        said = run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
        return dict(line.partition(" ")[::2] for line in said.splitlines())

    def files(self) -> set[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)) for path in found}


@pytest.fixture
def etc(tmp_path: Path) -> Etc:
    the_program("sshd")
    return Etc(tmp_path)


@pytest.fixture
def at(grounds: Grounds, make_app) -> Iterator[str]:
    """What is published of the organization, by a server that curl can reach."""
    port = free_port()
    app = make_app(APP_URL=f"http://127.0.0.1:{port}", PORT=str(port))
    with served(app, port):
        yield client_of(app).get(f"/api/v1/ssh/orgs/{grounds.org.slug}/install.sh").text


def test_the_script_makes_sshd_believe(grounds: Grounds, etc: Etc, at: str):
    before = etc.files()
    done = etc.install(at)

    assert done.returncode == 0, done.stderr
    found, folder = etc.believes(), f"{etc.folder}/gatehouse"
    assert found["trustedusercakeys"].strip('"') == f"{folder}/user-ca.pub"
    assert found["revokedkeys"].strip('"') == f"{folder}/revoked.krl"
    assert found["authorizedprincipalsfile"].strip('"') == f"{folder}/principals/%u"
    authority = grounds.authority("user")["public_key"]
    assert (etc.folder / "gatehouse" / "user-ca.pub").read_text() == f"{authority}\n"
    krl = grounds.http.get(f"/api/v1/ssh/orgs/{grounds.org.slug}/krl").data
    assert etc.krl.read_bytes() == krl
    names = ("user-ca.pub", "revoked.krl", "refresh")
    new = {*(f"gatehouse/{name}" for name in names), "sshd_config.d/gatehouse.conf"}
    assert "Have this run each minute" in done.stdout
    assert "Nobody gets in yet" in done.stdout
    assert etc.files() - before == new
    assert etc.install(at).returncode == 0
    assert etc.files() - before == new


@pytest.mark.parametrize(
    ("programs", "reads"),
    [
        ((), False),
        (("cron",), True),
        (("crond",), True),
        (("busybox",), False),
        (("busybox", "cron"), True),
    ],
)
def test_who_runs_what_it_leaves_has_to_read_that_folder(
    tmp_path: Path, programs: tuple[str, ...], *, reads: bool
):
    """crond of BusyBox, which Alpine has, reads the crontabs of users alone."""
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    if "busybox" in programs:
        (tmp_path / "crond").symlink_to("busybox")
    part = re.search(r"^reads_cron_d\(\) \{.*?^\}$", script(), re.MULTILINE | re.DOTALL)
    assert part
    for name in ("readlink", "basename"):
        (tmp_path / name).symlink_to(the_program(name))

    asked = ["/bin/sh", "-c", f"{part[0]}\nreads_cron_d"]
    done = run(asked, check=False, env={"PATH": str(tmp_path)})  # noqa: S603

    assert (done.returncode == 0) is reads


def refresh(etc: Etc) -> CompletedProcess[str]:
    program = [str(etc.folder / "gatehouse" / "refresh")]
    return run(program, capture_output=True, text=True, check=False, env={"PATH": os.defpath})  # noqa: S603


def test_what_is_revoked_later_arrives(grounds: Grounds, etc: Etc, at: str):
    """SSH-14: by the program that the script leaves."""
    assert etc.install(at).returncode == 0
    ca = grounds.authority("user")
    path = f"/api/v1/organizations/{grounds.org.id}/cas/{ca['id']}"
    [key] = [key for key in ca["keys"] if key["state"] == "active"]
    owner = grounds.make.bearer(grounds.make.member(grounds.org, Role.OWNER))
    said = {"reason": "stolen"}
    gone = grounds.http.post(f"{path}/keys/{key['id']}/compromise", json=said, headers=owner)
    assert gone.status_code == 200, gone.text

    done = refresh(etc)

    assert done.returncode == 0, done.stderr
    base = f"/api/v1/ssh/orgs/{grounds.org.slug}"
    assert etc.krl.read_bytes() == grounds.http.get(f"{base}/krl").data
    believed = (etc.folder / "gatehouse" / "user-ca.pub").read_text()
    assert key["public_key"] not in believed
    said = {"force": True, "reason": "moved"}
    deleted = grounds.http.delete(path, json=said, headers=owner)
    assert deleted.status_code == 200, deleted.text
    assert refresh(etc).returncode == 0
    lines = (etc.folder / "gatehouse" / "user-ca.pub").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == []


@pytest.mark.parametrize("wrong", ["/nothing", "/user-ca.pub"])
def test_what_is_no_list_changes_nothing(etc: Etc, at: str, wrong: str):
    """SSH-25: a page of an error is no list, and sshd would refuse everybody."""
    assert etc.install(at).returncode == 0
    program, before = etc.folder / "gatehouse" / "refresh", etc.krl.read_bytes()
    program.write_text(program.read_text().replace("/krl'", f"{wrong}'"))

    assert refresh(etc).returncode != 0

    assert etc.krl.read_bytes() == before
    assert not [name for name in etc.files() if ".new" in name]


@pytest.mark.parametrize(
    "fault", ["no server", "a page", "no include", "bad config", "bad keys", "enrolled"]
)
def test_what_cannot_be_is_said_and_changes_nothing(
    grounds: Grounds, etc: Etc, at: str, fault: str
):
    """SSH-25: sshd is never without its files."""
    assert etc.install(at).returncode == 0
    before = {name: (etc.folder / name).read_bytes() for name in etc.files()}
    text = {
        "no server": lambda: re.sub(r"krl_url=.*", "krl_url=http://127.0.0.1:1/krl", at),
        "a page": lambda: at.replace("/krl\n", "/user-ca.pub\n"),
        "bad keys": lambda: re.sub(r"user_keys='[^']*'", "user_keys='hello'", at),
    }.get(fault, lambda: at)()
    if fault == "no include":
        etc.config.write_text(etc.config.read_text().partition("\n")[2])
    elif fault == "bad config":
        etc.config.write_text("Nonsense yes\n")
    elif fault == "enrolled":
        (etc.folder / "gatehouse" / "state.json").write_text("{}")
        before["gatehouse/state.json"] = b"{}"
    before["sshd_config"] = etc.config.read_bytes()

    done = etc.install(text)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr
    assert {name: (etc.folder / name).read_bytes() for name in etc.files()} == before


def test_what_sshd_refuses_is_taken_back(etc: Etc, at: str):
    """SSH-25."""
    assert etc.install(at).returncode == 0
    before = etc.ours.read_bytes()
    wrong = at.replace("'RevokedKeys ", "'RevokedKees ")

    done = etc.install(wrong)

    assert done.returncode == 1
    assert "as it was" in done.stderr
    assert etc.ours.read_bytes() == before
    etc.ours.unlink()
    assert etc.install(wrong).returncode == 1
    assert not etc.ours.exists()
