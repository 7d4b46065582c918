"""A certificate for less than its holder may use has a file of its own: plain ssh loses nothing."""

from pathlib import Path

import pytest

from gatehouse_cli.certificates import read_certificate
from gatehouse_cli.certifying import Wish
from gatehouse_cli.choosing import place_of
from tests.cli.authority import Played, set_up
from tests.cli.homes import folder
from tests.cli.programs import Cli
from tests.cli.stage import OK, enveloped

MANY = tuple(f"principal-number-{number}" for number in range(9))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("principals", "sources", "name"),
    [
        ((), (), "id_rsa-cert.pub"),
        (("web",), (), "id_rsa+web-cert.pub"),
        (("web", "db", "web"), (), "id_rsa+db+web-cert.pub"),
        (("user:kim@x",), (), "id_rsa+user:kim@x-cert.pub"),
        (("../x y",), (), "id_rsa+..-x-y-cert.pub"),
        ((), ("192.0.2.0/24",), "id_rsa+192.0.2.0-24-cert.pub"),
        (("web",), ("192.0.2.1",), "id_rsa+web+192.0.2.1-cert.pub"),
        (MANY, (), "id_rsa+b94c06654e4f42f9-cert.pub"),
    ],
)
def test_where_a_certificate_goes(principals: tuple[str, ...], sources: tuple[str, ...], name: str):
    file = Path("/home/kim/.ssh/id_rsa-cert.pub")

    wish = Wish(principals, 600, sources, "Why")

    assert place_of(file, wish) == file.with_name(name)


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine on which acme is set up."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": "a-token-of-somebody"})
    set_up(cli)
    played.asked.clear()
    return cli


@pytest.mark.integration
def test_plain_ssh_keeps_what_it_has(machine: Cli, played: Played):
    whole, narrow = folder(machine) / "acme-cert.pub", folder(machine) / "acme+web-cert.pub"
    before = whole.read_text()

    done = machine.run("cert", "request", "-n", "web")

    assert (done.code, whole.read_text()) == (0, before), done.said
    assert read_certificate(narrow).principals == ("web",)
    assert f"ssh -i {folder(machine) / 'acme'} -o CertificateFile={narrow} HOST" in done.err
    again = machine.run("cert", "request", "-n", "web", "--json")
    assert (again.json["file"], len(played.asked)) == (str(narrow), 1)
    assert machine.run("cert", "request", "-n", "web", "--quiet").err == ""
    assert machine.run("cert", "show", "--json").json["file"] == str(whole)


@pytest.mark.integration
def test_what_is_revoked_or_removed_is_deleted_with_the_rest(machine: Cli, played: Played):
    narrow = folder(machine) / "acme+web-cert.pub"
    assert machine.run("cert", "request", "-n", "web").code == 0
    found = read_certificate(narrow).id
    path = f"/api/v1/ssh/certificates/{found}/revoke"
    played.stage.plays[path] = lambda _form: (OK, enveloped({"status": "revoked"}))

    assert machine.run("cert", "revoke", found).code == 0

    assert not narrow.exists()
    assert (folder(machine) / "acme-cert.pub").exists()
    assert machine.run("cert", "request", "-n", "web").code == 0
    assert machine.run("ssh", "setup", "--remove").code == 0
    assert list(folder(machine).glob("*-cert.pub")) == []


@pytest.mark.integration
def test_ssh_knows_when_a_shorter_one_ends(machine: Cli):
    """Else it would go on with it until the one before would have ended."""
    assert machine.run("cert", "request", "--ttl", "10m", "--force").code == 0

    found = read_certificate(folder(machine) / "acme-cert.pub")

    text = (folder(machine) / "acme.times").read_text()
    assert text == f"{found.valid_after} {found.valid_before - 120}\n"


@pytest.mark.integration
@pytest.mark.parametrize("way", ["relative", "by a link"])
def test_a_short_one_is_noted_however_its_key_is_named(machine: Cli, way: str):
    """Else ssh would go on with it past its end."""
    if way == "by a link":
        (machine.home / "keys").symlink_to(folder(machine))
    place = ".ssh/gatehouse" if way == "relative" else "keys"

    done = machine.run("cert", "request", "-k", f"{place}/acme", "--ttl", "5m", "--force")

    assert done.code == 0, done.said
    found = read_certificate(folder(machine) / "acme-cert.pub")
    times = (folder(machine) / "acme.times").read_text().split()
    assert times == [str(found.valid_after), str(found.valid_before - 120)]
