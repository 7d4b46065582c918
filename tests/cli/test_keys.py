"""SSH keys by the command line: OpenSSH's ssh-keygen signs, with the file or with the agent."""

import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.programs import Cli
from tests.cli.stage import OK, Stage, enveloped, staged
from tests.openssh import KeyFile, keygen, make_key, ssh_add, ssh_agent

pytestmark = pytest.mark.integration


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KeyFile]:
    folder = tmp_path_factory.mktemp("pairs")
    kinds = {"ed25519": None, "ecdsa": 384, "rsa": 3072}
    return {kind: make_key(folder, kind, bits, "kim@laptop") for kind, bits in kinds.items()}


def put(cli: Cli, pair: KeyFile, name: str = "id_ed25519") -> KeyFile:
    """A key pair where ssh looks for it."""
    path = cli.home / ".ssh" / name
    shutil.copy(pair.path, path)
    shutil.copy(f"{pair.path}.pub", f"{path}.pub")
    return KeyFile(path)


@pytest.fixture
def own(at_work: Cli, tmp_path: Path) -> KeyFile:
    """A key of their own: no other test has it."""
    folder = tmp_path / "made"
    folder.mkdir()
    return put(at_work, make_key(folder, comment="kim@laptop"))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_is_found_registered_and_proved(at_work: Cli, pairs: dict[str, KeyFile], kind: str):
    put(at_work, pairs[kind], f"id_{kind}")

    done = at_work.run("key", "add", "--json")

    assert done.code == 0, done.said
    assert (done.json["state"], done.json["fingerprint"]) == ("verified", pairs[kind].fingerprint)
    assert done.json["key_comment"] == "kim@laptop"
    again = at_work.run("key", "add")
    assert (again.code, "already" in again.err) == (0, True)


def test_the_life_of_a_key(at_work: Cli, own: KeyFile):
    made = at_work.run("key", "add", f"{own.path}.pub", "--name", "Laptop")
    assert made.out == f"Laptop: verified, {own.fingerprint}\n"
    assert made.err == ""

    listed = at_work.run("key", "list")
    name, state, kind, fingerprint, _day = listed.out.rstrip("\n").split("\t")
    assert (name, state, kind, fingerprint) == (
        *("Laptop", "verified", "ssh-ed25519"),
        own.fingerprint,
    )
    assert at_work.run("key", "rename", "Laptop", "Old laptop").code == 0
    (row,) = at_work.run("key", "list", "--json").json["keys"]
    assert row["name"] == "Old laptop"
    assert at_work.run("key", "verify", row["id"]).code == 0
    unsure = at_work.run("key", "rm", own.fingerprint)
    assert (unsure.code, "--yes" in unsure.err) == (2, True)
    assert at_work.run("key", "rm", own.fingerprint, "--yes").code == 0
    gone = at_work.run("key", "rm", own.fingerprint, "--yes")
    assert (gone.code, gone.out) == (1, "")
    assert at_work.run("key", "list").out == ""
    assert own.path.exists()


def test_a_key_that_was_not_proved_is_proved_later(at_work: Cli, own: KeyFile):
    """By its file, too, and wherever that is."""
    elsewhere = at_work.home / "elsewhere"
    elsewhere.mkdir()
    hidden = elsewhere / "id_ed25519"
    own.path.rename(hidden)
    failed = at_work.run("key", "add")
    assert (failed.code, "ssh-add -l" in failed.err) == (1, True)
    shutil.move(f"{own.path}.pub", f"{hidden}.pub")

    assert at_work.run("key", "verify", str(hidden), "--file", str(hidden)).code == 0


@pytest.fixture
def agent(at_work: Cli) -> Iterator[dict[str, str]]:
    """An agent of OpenSSH. Its keys are in its memory alone."""
    with ssh_agent(at_work.home / "agent") as named:
        at_work.env.update(named)
        yield named


def test_a_key_that_is_in_the_agent_alone_signs(at_work: Cli, own: KeyFile, agent: dict[str, str]):
    ssh_add(agent, "-q", own.path)
    public = at_work.home / "public.txt"
    public.write_text(own.public)
    own.path.unlink()
    Path(f"{own.path}.pub").unlink()

    done = at_work.run("key", "add", str(public))

    assert done.code == 0, done.said
    assert "verified" in done.out


def test_a_passphrase_that_nobody_can_type_keeps_nobody_waiting(at_work: Cli, own: KeyFile):
    keygen("-q", "-p", "-f", str(own.path), "-P", "", "-N", "a passphrase")

    done = at_work.run("key", "add")

    assert (done.code, done.out) == (1, "")
    assert "agent" in done.err


def test_a_private_key_stays_here(at_work: Cli, own: KeyFile):
    """It is not even read where its public half lies beside it."""
    assert at_work.run("key", "add", str(own.path)).code == 0
    Path(f"{own.path}.pub").unlink()

    refused = at_work.run("key", "add", str(own.path))

    assert (refused.code, "ssh-keygen -y" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("names", "code", "says"),
    [
        ([], 1, "ssh-keygen -t ed25519"),
        (["id_ed25519", "id_rsa"], 2, "gatehouse key add"),
        (["work"], 1, "ssh-keygen -t ed25519"),
    ],
)
def test_which_key_is_meant_has_to_be_clear(
    at_work: Cli, own: KeyFile, names: list[str], code: int, says: str
):
    for file in (at_work.home / ".ssh").iterdir():
        file.unlink()
    for name in names:
        (at_work.home / ".ssh" / f"{name}.pub").write_text("ssh-ed25519 AAAA you@example")

    done = at_work.run("key", "add")

    assert (done.code, says in done.err) == (code, True), done.said


@pytest.mark.parametrize(
    "text", ["", "junk", "ssh-ed25519", "ssh-ed25519 ???", "a b\nc d", 'no-pty ssh-ed25519 "x"']
)
def test_what_is_no_key_is_not_sent(at_work: Cli, text: str):
    path = at_work.home / "key.pub"
    path.write_text(text)

    done = at_work.run("key", "add", str(path))

    assert done.code == 2, done.said
    assert "no public SSH key" in done.err


def test_what_the_server_refuses_is_said_with_its_reason(at_work: Cli, tmp_path: Path):
    folder = tmp_path / "weak"
    folder.mkdir()
    weak = make_key(folder, "rsa", 1024)

    done = at_work.run("key", "add", str(weak.path))

    assert (done.code, done.out) == (4, "")
    assert "2048 bits" in done.err


def test_of_two_keys_of_one_name_neither_is_meant(at_work: Cli, pairs: dict[str, KeyFile]):
    for kind in ("ed25519", "ecdsa"):
        put(at_work, pairs[kind], kind)
        path = str(at_work.home / ".ssh" / kind)
        assert at_work.run("key", "add", path, "--name", "Same").code == 0

    assert at_work.run("key", "rm", "Same", "--yes").code == 2


def asking(stage: Stage, text: str, namespace: str) -> None:
    challenge = {"challenge_text": text, "namespace": namespace}
    row = {"id": "1", "verified": False, "name": "x", "challenge": challenge}
    stage.plays["/api/v1/ssh/keys"] = lambda _form: (OK, enveloped(row))


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ("server: {here}\nkey: {key}", "git"),
        ("server: {here}\nkey: {key}", "file"),
        ("server: https://other.example\nkey: {key}", "ssh-key-verify@gatehouse"),
        ("server: {here}\nkey: SHA256:another", "ssh-key-verify@gatehouse"),
        ("Send all my money to Mallory.", "ssh-key-verify@gatehouse"),
    ],
)
def test_nothing_is_signed_that_is_good_for_something_else(
    at_work: Cli, own: KeyFile, text: str, namespace: str
):
    """A server that passes on the challenge of another one, or has a commit signed."""
    with staged() as stage:
        asking(stage, text.format(here=stage.url, key=own.fingerprint), namespace)
        done = at_work.run("key", "add", GATEHOUSE_SERVER=stage.url)

        assert (done.code, done.out) == (4, "")
        assert "Nothing was signed" in done.err
        assert stage.count("/api/v1/ssh/keys/1/verify") == 0


def test_whoever_has_a_security_key_is_told_to_touch_it(at_work: Cli):
    """There is none here: a program in the place of ssh-keygen says what it was given."""
    blob = b64encode(b"no key of metal")
    line = f"sk-ssh-ed25519@openssh.com {blob.decode()}"
    (at_work.home / ".ssh" / "id_ed25519_sk.pub").write_text(line)
    digest = b64encode(sha256(b64decode(blob)).digest()).decode().rstrip("=")
    program = at_work.home / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncat >&2\necho "$@" >&2\nexit 1\n')
    program.chmod(0o755)
    at_work.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    with staged() as stage:
        challenge = f"server: {stage.url}\nkey: SHA256:{digest}"
        asking(stage, challenge, "ssh-key-verify@gatehouse")
        done = at_work.run("key", "add", GATEHOUSE_SERVER=stage.url)

    assert done.code == 1
    assert "touch it when it blinks" in done.err
    assert challenge in done.err
    assert "-q -Y sign -n ssh-key-verify@gatehouse -f" in done.err
