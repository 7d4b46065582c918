"""What was sealed opens real machines without us, by OpenSSH alone, until it is revoked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openssh import keygen
from tests.ssh_break_glass.cases import PASSPHRASE, Case
from tests.sshd import Sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd") / "server") as found:
        yield found


def fetch(case: Case, sshd: Sshd) -> None:
    """What a machine has of us from then on, whether we are there or not."""
    sshd.trust(*case.bundle())
    sshd.revoke(case.http.get(f"/api/v1/ssh/orgs/{case.org.slug}/krl").data)


def kept(told, folder: Path) -> Path:
    """The file as the documentation says to keep it, with the certificate beside it."""
    path = folder / "break-glass"
    path.write_text(told["file"])
    path.chmod(0o600)
    lines = path.read_text().splitlines()
    path.with_name("break-glass-cert.pub").write_text(f"{lines[-1]}\n")
    assert lines[-1] == told["certificate"]
    return path


def test_the_file_is_opened_by_ssh_keygen_and_the_passphrase(case: Case, tmp_path: Path):
    """SSH-24; threat 227: in the format of OpenSSH, with bcrypt."""
    path = kept(case.sealed(), tmp_path)
    public = keygen("-y", "-P", PASSPHRASE, "-f", path)
    assert public.startswith("ssh-ed25519 ")
    keygen("-y", "-P", "another passphrase that is long", "-f", path, expect=(255,))
    keygen("-y", "-P", "", "-f", path, expect=(255,))
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    keygen("-p", "-P", PASSPHRASE, "-N", "", "-f", copy)
    assert keygen("-y", "-P", "", "-f", copy).split()[1] == public.split()[1]
    shown = keygen("-L", "-f", path.with_name("break-glass-cert.pub"))
    assert "break-glass" in shown


def test_it_opens_machines_without_us_until_it_is_revoked(case: Case, sshd: Sshd, tmp_path: Path):
    """SSH-24, SSH-23: with a real sshd and ssh, which asks for the passphrase."""
    told = case.sealed()
    path, certificate = kept(told, tmp_path), told["certificate"]
    fetch(case, sshd)
    # From here on nothing of ours is asked.
    sshd.admit("break-glass")
    assert sshd.login(path, certificate, passphrase=PASSPHRASE).is_in
    state = told["break_glass"]
    assert f"ID {state['key_id']} (serial 1)" in sshd.said()
    assert state["key_id"].startswith(f"gh1:{case.org.slug}:break-glass:")
    assert not sshd.login(path, certificate, passphrase="another passphrase").is_in
    sshd.admit("deploy", "web", "root")
    assert not sshd.login(path, certificate, passphrase=PASSPHRASE).is_in

    sshd.admit("break-glass")
    assert case.end().status_code == 200
    fetch(case, sshd)

    assert not sshd.login(path, certificate, passphrase=PASSPHRASE).is_in


def test_a_machine_that_only_has_the_new_list_refuses_it_too(
    case: Case, sshd: Sshd, tmp_path: Path
):
    """SSH-16: the key of the authority stands in the list itself."""
    told = case.sealed()
    path = kept(told, tmp_path)
    trusted = case.bundle()
    case.ask_to_seal()
    fetch(case, sshd)
    sshd.trust(*trusted)
    sshd.admit("break-glass")
    assert not sshd.login(path, told["certificate"], passphrase=PASSPHRASE).is_in
