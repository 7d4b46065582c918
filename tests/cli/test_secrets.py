"""Where the secrets of a sign-in are, and who may have them."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from gatehouse.accounts.models import User
from tests.cli.programs import Cli
from tests.cli.stage import BAD, OK, Stage, enveloped, refusal, staged
from tests.factories import Factory

pytestmark = pytest.mark.integration


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_only_their_owner_can_read_them(signed_in: Cli):
    files = list(signed_in.secrets.iterdir())

    assert mode(signed_in.secrets) == 0o700
    assert {path.suffix for path in files} == {".json", ".lock"}
    assert {mode(path) for path in files} == {0o600}
    (config,) = (signed_in.home / "config").rglob("*.json")
    tokens = (signed_in.kept["access_token"], signed_in.kept["refresh_token"])
    assert not any(token in config.read_text() for token in tokens)


def test_a_folder_that_others_can_enter_is_closed(cli: Cli, user: User):
    cli.secrets.mkdir(parents=True, mode=0o755)

    assert cli.sign_in(user.email).code == 0

    assert mode(cli.secrets) == 0o700


def test_a_folder_that_leads_elsewhere_is_refused_before_anybody_signs_in(cli: Cli):
    elsewhere = cli.home / "elsewhere"
    elsewhere.mkdir()
    cli.secrets.parent.mkdir()
    cli.secrets.symlink_to(elsewhere)

    done = cli.run("login", BROWSER="true %s")

    assert (done.code, list(elsewhere.iterdir())) == (1, [])
    assert "not a folder of your own" in done.err


def test_a_link_in_place_of_the_file_is_neither_read_nor_followed(signed_in: Cli, user: User):
    (path,) = signed_in.secrets.glob("*.json")
    stolen = signed_in.home / "stolen.json"
    path.rename(stolen)
    path.symlink_to(stolen)
    before = stolen.read_text()

    refused = signed_in.run("whoami")
    assert signed_in.sign_in(user.email).code == 0

    assert (refused.code, refused.out) == (1, "")
    assert "is not read" in refused.err
    assert stolen.read_text() == before
    assert not path.is_symlink()
    assert signed_in.run("whoami").code == 0


@pytest.mark.parametrize("what", ["readable", "damaged", "a folder", "a pipe", "of another kind"])
def test_a_file_that_is_not_as_it_should_be_is_refused(signed_in: Cli, what: str):
    (path,) = signed_in.secrets.glob("*.json")
    content = path.read_text()
    match what:
        case "readable":
            path.chmod(0o644)
        case "damaged":
            path.write_text(content[:-9])
        case "a folder":
            path.unlink()
            path.mkdir()
        case "a pipe":
            path.unlink()
            os.mkfifo(path, 0o600)
        case _:
            path.write_text('["something else"]')

    done = signed_in.run("whoami")

    assert done.code == (3 if what == "of another kind" else 1), done.said
    assert "Traceback" not in done.err


def test_tokens_go_to_the_server_that_gave_them_alone(signed_in: Cli):
    """Neither by --server nor by a profile that was changed."""
    name = next(signed_in.secrets.glob("*.json")).stem
    with staged() as stage:
        asked = (
            signed_in.run("whoami", "--server", stage.url),
            signed_in.run("whoami", "--profile", name, "--server", stage.url),
        )
        (config,) = (signed_in.home / "config").rglob("*.json")
        kept = json.loads(config.read_text())
        kept["profiles"][name]["server"] = stage.url
        config.write_text(json.dumps(kept))
        del signed_in.env  # The environment names no server now.
        signed_in.env = {"GATEHOUSE_SERVER": ""}
        asked = (*asked, signed_in.run("whoami"), signed_in.run("logout"))

        assert [done.code for done in asked] == [3, 3, 3, 0]
        assert stage.calls == []


def test_an_access_token_that_ended_is_renewed(signed_in: Cli):
    before = signed_in.kept

    signed_in.keep(expires_at=0)
    assert signed_in.run("whoami").code == 0
    by_time = signed_in.kept
    signed_in.keep(access_token="spoiled")
    assert signed_in.run("whoami").code == 0

    tokens = [before, by_time, signed_in.kept]
    assert len({one["refresh_token"] for one in tokens}) == 3
    assert len({one["access_token"] for one in tokens}) == 3


def test_a_sign_in_that_is_over_is_forgotten(signed_in: Cli):
    signed_in.keep(expires_at=0, refresh_token="spoiled")

    done = signed_in.run("whoami")

    assert (done.code, done.out) == (3, "")
    assert "gatehouse login" in done.err
    assert list(signed_in.secrets.glob("*.json")) == []


def kept_of(cli: Cli, stage: Stage, **changes: object) -> None:
    """Somebody is signed in at a server that is played."""
    cli.env["GATEHOUSE_SERVER"] = stage.url
    cli.secrets.mkdir(parents=True, mode=0o700)
    tokens = {
        "server": stage.url,
        "api": f"{stage.url}/api/v1",
        "token_endpoint": f"{stage.url}/token",
        "revocation_endpoint": f"{stage.url}/revocation",
        "access_token": "at-0",
        "refresh_token": "rt-0",
        "expires_at": 0,
    }
    path = cli.secrets / f"localhost-{stage.url.rpartition(':')[2]}.json"
    path.write_text(json.dumps({**tokens, **changes}))
    path.chmod(0o600)


def test_processes_that_refresh_at_once_use_a_refresh_token_once(cli: Cli):
    used: list[str] = []

    def token(form: dict[str, str]):
        used.append(form["refresh_token"])
        if used.count(form["refresh_token"]) > 1:
            return BAD, {"error": "invalid_grant"}
        number = len(used)
        return OK, {
            "access_token": f"at-{number}",
            "refresh_token": f"rt-{number}",
            "expires_in": 600,
        }

    def me(form: dict[str, str]):
        if form["authorization"] == f"Bearer at-{len(used)}":
            return OK, enveloped({"user": {"email": "kim@example.com"}, "organizations": []})
        return "401 Unauthorized", refusal("INVALID_TOKEN", "Over.")

    with staged() as stage:
        stage.plays |= {"/token": token, "/api/v1/auth/me": me}
        kept_of(cli, stage)
        by_time = [cli.start("whoami") for _ in range(4)]
        assert [one.ended().code for one in by_time] == [0] * 4
        assert used == ["rt-0"]
        cli.keep(access_token="spoiled")
        by_answer = [cli.start("whoami") for _ in range(4)]
        assert [one.ended().code for one in by_answer] == [0] * 4
        assert used == ["rt-0", "rt-1"]


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        ("403 Forbidden", {"message": "Forbidden"}, 5),
        ("403 Forbidden", {"error": {"type": "BLOCKED"}}, 5),
        ("400 Bad Request", {"error": "invalid_target"}, 4),
        ("401 Unauthorized", {"error": "invalid_client"}, 4),
    ],
)
def test_what_is_no_word_about_the_sign_in_does_not_end_it(
    cli: Cli, status: str, content: object, code: int
):
    """RFC 6749 5.2: invalid_grant alone is. A proxy refuses in words of its own."""
    with staged() as stage:
        stage.plays["/token"] = lambda _form: (status, content)
        kept_of(cli, stage)
        done = cli.run("whoami")

    assert (done.code, done.out) == (code, ""), done.said
    assert cli.kept["refresh_token"] == "rt-0"


@pytest.mark.slow
def test_an_answer_that_gets_lost_costs_no_sign_in(cli: Cli):
    """Within the ten seconds for which a server repeats it (refresh_grace_seconds)."""
    asked: list[float] = []

    def token(form: dict[str, str]):
        asked.append(time.monotonic())
        if len(asked) == 1:
            time.sleep(6)
        is_late = asked[-1] - asked[0] > 10
        if form["refresh_token"] != "rt-0" or is_late:
            return BAD, {"error": "invalid_grant"}
        return OK, {"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 600}

    with staged() as stage:
        stage.plays["/token"] = token
        kept_of(cli, stage)
        done = cli.run("whoami")

    assert (done.code, len(asked)) == (0, 2), done.said
    assert asked[1] - asked[0] < 5
    assert cli.kept["refresh_token"] == "rt-1"


def test_a_server_that_is_away_ends_no_sign_in(cli: Cli):
    with staged() as stage:
        stage.plays["/token"] = lambda _form: ("503 Service Unavailable", "<h1>Down</h1>")
        kept_of(cli, stage)
        down = cli.run("whoami")
    gone = cli.run("whoami")

    assert (down.code, gone.code) == (5, 5)
    assert cli.kept["refresh_token"] == "rt-0"


def test_whoever_signs_out_while_the_server_is_away_is_signed_out_here(cli: Cli):
    with staged() as stage:
        kept_of(cli, stage)

    assert cli.run("logout").code == 5
    assert list(cli.secrets.glob("*.json")) == []


FAKE_KEYRING = """
import json, pathlib
class errors:
    class KeyringError(Exception): ...
    class PasswordDeleteError(KeyringError): ...
FILE = pathlib.Path(__file__).with_name("kept.json")
def _kept(): return json.loads(FILE.read_text()) if FILE.exists() else {}
def get_password(service, name): return _kept().get(name)
def set_password(service, name, text): FILE.write_text(json.dumps({**_kept(), name: text}))
def delete_password(service, name):
    kept = _kept()
    if name not in kept: raise errors.PasswordDeleteError
    del kept[name]
    FILE.write_text(json.dumps(kept))
"""


def test_the_keyring_of_the_system_can_keep_them(cli: Cli, user: User):
    missing = cli.run("login", "--keyring")
    assert (missing.code, "gatehouse-cli[keyring]" in missing.err) == (2, True)
    place = cli.home / "packages"
    place.mkdir()
    (place / "keyring.py").write_text(FAKE_KEYRING)
    cli.env["PYTHONPATH"] = f"{cli.environment['PYTHONPATH']}:{place}"

    done = cli.sign_in(user.email, "--keyring")

    assert done.code == 0, done.said
    assert list(cli.secrets.glob("*.json")) == []
    assert cli.run("whoami").code == 0
    assert cli.run("logout").code == 0
    assert json.loads((place / "kept.json").read_text()) == {}
    assert cli.run("whoami").code == 3


def test_a_token_of_the_environment_needs_no_sign_in(cli: Cli, make: Factory, user: User):
    """SSH-35."""
    token = make.session(user.id)

    done = cli.run("whoami", "--json", GATEHOUSE_TOKEN=token)

    assert done.json["user"]["email"] == user.email
    assert not cli.secrets.exists()
    for spoiled, code in ((f"{token}x", 3), (f"{token}\nx", 2), (f"é{token}", 2)):
        refused = cli.run("whoami", GATEHOUSE_TOKEN=spoiled)
        assert (refused.code, token in refused.said) == (code, False)


def known(cli: Cli, name: str, server: str) -> None:
    """Somebody signed in there once, the last time of all."""
    config = cli.home / "config" / "gatehouse" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"profile": name, "profiles": {name: {"server": server}}}))


def test_a_token_of_the_environment_goes_to_no_other_server(cli: Cli):
    """GATEHOUSE_SERVER says whose it is; what is named with the command does not change that."""
    cli.env["GATEHOUSE_TOKEN"] = "of-the-first"
    with staged() as stage:
        known(cli, "work", stage.url)
        asked = (
            cli.run("whoami", "--server", stage.url),
            cli.run("--profile", "work", "whoami"),
            cli.run("ssh", "setup", "--server", stage.url),
        )

        assert [(done.code, done.out) for done in asked] == [(3, "")] * 3
        assert ["GATEHOUSE_SERVER" in done.err for done in asked] == [True] * 3
        assert stage.calls == []
        assert cli.run("whoami", GATEHOUSE_SERVER=stage.url).code == 0


def test_a_token_that_nothing_says_the_server_of_is_for_the_last_one(cli: Cli):
    """Not for one that is named with the command: nothing is begun there."""
    cli.env |= {"GATEHOUSE_SERVER": "", "GATEHOUSE_TOKEN": "of-the-last"}
    with staged() as stage:
        known(cli, "work", "https://another.example")
        done = cli.run("ssh", "setup", "--server", stage.url)

        assert (done.code, stage.calls) == (3, [])
        assert not (cli.home / ".ssh" / "gatehouse").exists()


def test_where_nobody_ever_signed_in_a_token_is_for_the_server_that_is_named(cli: Cli):
    """As in a job of a CI."""
    cli.env |= {"GATEHOUSE_SERVER": "", "GATEHOUSE_TOKEN": "of-the-job"}
    with staged() as stage:
        done = cli.run("whoami", "--server", stage.url)

    assert done.code == 0, done.said


@pytest.mark.parametrize("place", ["state", "config"])
def test_a_place_that_cannot_be_used_is_named(cli: Cli, place: str):
    (cli.home / place).write_text("This is no folder.")

    done = cli.run("login", BROWSER="true %s")

    assert (done.code, done.out) == (1, "")
    assert str(cli.home / place) in done.err
    assert "Traceback" not in done.err
