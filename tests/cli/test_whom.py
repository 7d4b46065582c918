"""Whom a command asks, where somebody has signed in at several servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatehouse.accounts.models import User
from gatehouse_cli.certificates import read_certificate
from tests.cli.authority import Authority, Played, set_up
from tests.cli.homes import folder, signed_in_at
from tests.cli.programs import Cli
from tests.cli.stage import OK, enveloped, staged
from tests.openssh import keygen

pytestmark = pytest.mark.integration
REQUEST = ("cert", "request", "--force")


@pytest.fixture
def last(tmp_path: Path) -> Iterator[Played]:
    """Another server, at which somebody signed in after they set acme up."""
    with staged() as stage:
        yield Played(stage, Authority.made(tmp_path / "another"))


@pytest.fixture
def machine(played: Played, last: Played, tmp_path: Path) -> Cli:
    """A machine on which acme is set up at one server, with a key that the other one knows."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, "")
    signed_in_at(cli, a=played.stage.url, b=last.stage.url)
    set_up(cli, "--profile", "a")
    keygen("-q", "-t", "ed25519", "-N", "", "-f", home / ".ssh" / "id_ed25519")
    last.register((home / ".ssh" / "id_ed25519.pub").read_text())
    played.asked.clear()
    return cli


@pytest.mark.parametrize("way", ["nothing", "server", "bare name", "slash", "profile", "its key"])
def test_what_is_set_up_asks_the_server_it_was_set_up_with(
    machine: Cli, played: Played, last: Played, way: str
):
    url = played.stage.url
    named = {
        "server": ("--server", url),
        "bare name": ("--server", url.upper().replace("HTTP", "http")),
        "slash": ("--server", f"{url}/"),
        "profile": ("--profile", "a"),
        "its key": ("-k", str(folder(machine) / "acme")),
    }

    done = machine.run(*REQUEST, *named.get(way, ()))

    assert (done.code, len(played.asked), last.asked) == (0, 1, []), done.said
    assert f"{folder(machine) / 'acme-cert.pub'}: " in done.out


@pytest.mark.parametrize("way", ["server", "profile", "GATEHOUSE_SERVER", "GATEHOUSE_PROFILE"])
def test_who_is_named_is_asked(machine: Cli, played: Played, last: Played, way: str):
    named = "b" if "profile" in way.lower() else last.stage.url
    before = (folder(machine) / "acme-cert.pub").read_bytes()

    if way.isupper():
        done = machine.run(*REQUEST, **{way: named})
    else:
        done = machine.run(*REQUEST, f"--{way}", named)

    assert (done.code, len(last.asked), played.asked) == (0, 1, []), done.said
    assert (folder(machine) / "acme-cert.pub").read_bytes() == before


def test_of_several_that_are_set_up_those_of_the_server_are_meant(
    machine: Cli, played: Played, last: Played
):
    last.organizations = [{**last.organizations[0], "slug": "beta"}]
    last.signs = {"key_id": "gh1:beta:kim:kim@example.com:c"}
    done = machine.run("ssh", "setup", "--profile", "b", "--host", "*.beta.example")
    assert done.code == 0, done.said
    last.asked.clear()

    for name, asked in (("a", played.asked), ("b", last.asked)):
        assert machine.run(*REQUEST, "--profile", name).code == 0
        assert len(asked) == 1
    assert machine.run(*REQUEST).code == 2


@pytest.mark.parametrize("way", ["what is here", "its file", "one for less"])
def test_a_certificate_is_revoked_where_it_was_signed(
    machine: Cli, played: Played, last: Played, way: str
):
    path = folder(machine) / ("acme+web-cert.pub" if way == "one for less" else "acme-cert.pub")
    if way == "one for less":
        assert machine.run(*REQUEST, "-n", "web").code == 0
    mine = read_certificate(path).id
    there = f"/api/v1/ssh/certificates/{mine}/revoke"
    played.stage.plays[there] = lambda _form: (OK, enveloped({"status": "revoked"}))

    done = machine.run("cert", "revoke", *([] if way == "what is here" else [str(path)]))

    assert (done.code, played.stage.count(there)) == (0, 1), done.said
    assert last.stage.calls == []
    assert not path.exists()


@pytest.mark.parametrize("way", ["what is set up", "a profile"])
def test_what_helps_helps_at_the_same_server(machine: Cli, played: Played, last: Played, way: str):
    """By itself the command would ask the last one, and register the key there."""
    played.keys.clear()
    asked = ("-k", str(machine.home / ".ssh" / "id_ed25519"), "--profile", "a")
    done = machine.run(*REQUEST, *(asked if way == "a profile" else ()))

    where = f"--profile a --server {played.stage.url}"
    assert (done.code, done.err.count("gatehouse key add")) == (1, 1), done.said
    assert done.err.rstrip().endswith(where)
    last.keys.clear()
    here = machine.run(*REQUEST, *asked[:2])
    assert (here.code, "--profile" in here.err) == (1, False)


@pytest.mark.parametrize(
    "command",
    [
        *("whoami", "key list", "key add", "key verify x", "key rename x y", "key rm x --yes"),
        *("cert request", "cert request --dry-run", "cert list", "cert revoke 7", "cert whois 7"),
        *("ssh setup --host *.example.com", "ssh setup --print", "--request"),
    ],
)
def test_where_nobody_ever_signed_in_that_is_said(tmp_path: Path, command: str):
    """And not that the command was called in a wrong way, which it was with a wrong name."""
    (tmp_path / ".ssh").mkdir(mode=0o700)
    keygen("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / ".ssh" / "id_ed25519")
    cli = Cli(tmp_path, "")

    done, other = cli.run(*command.split()), cli.run(*command.split(), "--profile", "work")
    token = cli.run(*command.split(), GATEHOUSE_TOKEN="x")

    assert (done.code, done.out) == (3, ""), done.said
    assert "Sign in: gatehouse login --server" in done.err
    assert (other.code, token.code) == (2, 2), (other, token)
    assert "Which server?" in token.err


def test_a_second_server_of_a_host_has_a_profile_of_its_own(tmp_path: Path):
    """Else its sign-in would take the place of the first one's."""
    cli = Cli(tmp_path, "")
    signed_in_at(cli, **{"id.example.com": "https://id.example.com/a"})

    other = cli.run("whoami", "--server", "https://id.example.com/b")
    wide = cli.run("whoami", "--server", f"https://{'a' * 60}.{'b' * 60}.example.com:8443")

    assert (other.code, "--profile id.example.com-2 --server" in other.err) == (3, True)
    assert (wide.code, f"--profile {'a' * 60} --server" in wide.err) == (3, True)


@pytest.mark.parametrize("name", ["../x", "x" * 65, "-x", ""])
def test_a_name_that_cannot_be_is_said_to_be_so(tmp_path: Path, name: str):
    host = "_x.example.com" if not name else "id.example.com"
    done = Cli(tmp_path, "").run("whoami", "--server", f"https://{host}", "--profile", name)

    assert (done.code, "64 letters" in done.err, "--profile NAME" in done.err) == (2, True, True)


def test_a_sign_in_that_another_one_takes_the_place_of_is_ended(cli: Cli, user: User):
    """At its own server, whatever that was."""
    with staged() as stage:
        stage.plays["/revocation"] = lambda _form: (OK, {})
        signed_in_at(cli, work=stage.url)

        done = cli.sign_in(user.email, "--profile", "work", "--server", cli.server)

        assert done.code == 0, done.said
        assert dict(stage.calls)["/revocation"]["token"] == "at-work"
