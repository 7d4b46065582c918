"""What a machine makes of a server that is not as it should be: sshd keeps what it has (R25)."""

import json
import random
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.cli.authority import HOUR, Authority
from tests.cli.boxes import Box
from tests.cli.played_hosts import DAY, NAME, PlayedHost, no_such_key
from tests.cli.programs import Cli
from tests.cli.stage import Stage, staged
from tests.openssh import KeyFile, make_key

pytestmark = pytest.mark.integration


class Scene:
    """A machine whose sshd does not run, and what it hears; as it was before each test."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        (folder / "home").mkdir()
        self.box = Box(folder / "box", Cli(folder / "home", stage.url))
        self.stage, self.gate = stage, PlayedHost(stage, folder / "ca", self.box.account)
        self.saved = {"bare": self._copy(folder / "bare")}
        done = self.box.run("enroll", "token")
        assert done.code == 0, done.said
        assert "Reload sshd" in done.err
        self.saved["enrolled"] = self._copy(folder / "enrolled")
        self.plays, self.played = dict(stage.plays), deepcopy(self.told)

    @property
    def told(self) -> dict[str, Any]:
        """What the played server goes by."""
        return {name: found for name, found in vars(self.gate).items() if name != "stage"}

    def bring_back(self, which: str) -> Box:
        shutil.rmtree(self.box.etc)
        shutil.copytree(self.saved[which], self.box.etc)
        return self.box

    def begin_anew(self) -> PlayedHost:
        vars(self.gate).clear()
        vars(self.gate).update(deepcopy(self.played), stage=self.stage)
        self.stage.plays = dict(self.plays)
        self.stage.calls = []
        return self.gate

    def _copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.box.etc, to))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged() as stage:
        yield Scene(tmp_path_factory.mktemp("scene"), stage)


@pytest.fixture
def gate(scene: Scene) -> PlayedHost:
    return scene.begin_anew()


@pytest.fixture
def box(scene: Scene, gate: PlayedHost) -> Box:
    """Not enrolled."""
    gate.sent = []
    return scene.bring_back("bare")


@pytest.fixture
def enrolled(scene: Scene, gate: PlayedHost) -> Box:
    return scene.bring_back("enrolled")


LISTS: dict[str, Callable[[PlayedHost, Path], None]] = {
    "a page": lambda gate, _: setattr(gate, "krl", b"<html>Hello</html>"),
    "nothing": lambda gate, _: setattr(gate, "krl", b""),
    "truncated": lambda gate, _: setattr(gate, "krl", gate.krl[:-3]),
    "truncated and signed": lambda gate, _: cut(gate),
    "a page that is signed": lambda gate, _: signed(gate, b"<html>Hello</html>"),
    "an empty file that is signed": lambda gate, _: signed(gate, b""),
    "of another signer": lambda gate, place: gate.sign_list(make_key(place)),
    "signed for something else": lambda gate, _: gate.sign_list(gate.signer, "file"),
    "without a signature": lambda gate, _: setattr(gate, "signature", ""),
    "of another key that is told": lambda gate, place: tell_another(gate, make_key(place)),
    "generated before": lambda gate, _: before(gate),
    "of an earlier version": lambda gate, _: gate.publish(version=1),
}


def signed(gate: PlayedHost, raw: bytes) -> None:
    gate.krl = raw
    gate.sign_list(gate.signer)


def cut(gate: PlayedHost) -> None:
    gate.publish(7)
    signed(gate, gate.krl[:-3])


def tell_another(gate: PlayedHost, key: KeyFile) -> None:
    gate.changes["krl_signer"] = key.public
    gate.publish(signer=key)


def before(gate: PlayedHost) -> None:
    gate.generated -= 3600
    gate.publish()


@pytest.mark.parametrize("which", LISTS)
def test_a_list_that_is_not_good_stays_out(
    enrolled: Box, gate: PlayedHost, which: str, tmp_path: Path
):
    """R15, R25."""
    gate.publish(5)
    LISTS[which](gate, tmp_path)
    if which == "of an earlier version":
        gate.changes["krl_version"] = 9
    was = enrolled.used

    done = enrolled.sync()

    assert (done.code, done.out) == (2, ""), done.said
    assert "Traceback" not in done.err
    assert enrolled.used == was
    gate.changes.clear()
    gate.version, gate.generated = 9, int(time.time()) + 60
    gate.publish(5)
    assert enrolled.sync().code == 0
    assert (enrolled.folder / "revoked.krl").read_bytes() == gate.krl


@pytest.mark.parametrize("which", ["a page", "of another signer", "truncated and signed"])
def test_a_machine_with_a_bad_list_is_not_set_up_until_there_is_a_good_one(
    box: Box, gate: PlayedHost, which: str, tmp_path: Path
):
    LISTS[which](gate, tmp_path)

    done = box.run("enroll", "token")

    assert (done.code, "gatehouse host sync" in done.err) == (2, True), done.said
    assert box.used == {}
    assert box.run("status").code == 1
    gate.publish(5)
    assert box.sync().code == 0
    assert "RevokedKeys" in box.drop_in.read_text()
    assert "HostCertificate" in box.drop_in.read_text()
    assert box.run("status").code == 0


def test_a_list_that_cannot_be_had_now_is_fetched_the_next_time(enrolled: Box, gate: PlayedHost):
    gate.publish(5)
    was, whole = enrolled.used, dict(gate.stage.plays)
    gate.stage.plays["/api/v1/ssh/orgs/acme/krl"] = lambda _form: ("503 No", "<h1>No</h1>")
    gate.changes["principals"] = {"other": ["prod"]}

    done = enrolled.sync()

    assert done.code == 5, done.said
    assert enrolled.used["gatehouse/revoked.krl"] == was["gatehouse/revoked.krl"]
    assert not enrolled.principals_file.exists()
    gate.stage.plays = whole
    assert enrolled.sync().code == 0
    assert (enrolled.folder / "revoked.krl").read_bytes() == gate.krl


BAD: dict[str, Any] = {
    "a path": {"principals": {"../../sshd_config": ["prod"]}},
    "a hidden file": {"principals": {".x": ["prod"]}},
    "an option": {"principals": {"root": ['command="id" prod']}},
    "two lines": {"principals": {"root": ["prod\nroot"]}},
    "no list": {"principals": {"root": "prod"}},
    "no accounts": {"principals": None},
    "no authorities": {"user_ca": None},
    "authorities that are one text": {"user_ca": "ssh-ed25519 AAAA"},
    "no key": {"user_ca": ["ssh-ed25519 AAAA"]},
    "an option before a key": {"user_ca": ["cert-authority ssh-ed25519 AAAA"]},
    "no name of keys": {"bundle": "latest"},
    "no version": {"krl_version": None},
    "a version that is a truth": {"krl_version": True},
    "no address": {"krl_url": None},
    "an address without protection": {"krl_url": "http://192.0.2.1/krl", "krl_version": 99},
    "no signer": {"krl_signer": None},
    "an organization that is a line": {"organization": "acme\nPermitRootLogin yes"},
    "another machine": {"host_id": "0193b6f0-0000-7000-8000-00000000000b"},
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_whole_is_not_used(enrolled: Box, gate: PlayedHost, what: str):
    """R25; threat 216."""
    gate.changes = BAD[what]
    was = enrolled.used

    done = enrolled.sync()

    assert (done.code, done.out) == (2, ""), done.said
    assert "Traceback" not in done.err
    assert enrolled.used == was


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (("200 OK", "<html>Hello</html>"), 5),
        (("502 Bad Gateway", "<html>No</html>"), 5),
        (("429 Too Many Requests", {"success": False, "message": "Later."}), 5),
        (("200 OK", {"success": True, "data": None}), 2),
        (("200 OK", {"success": True, "data": ["x"]}), 2),
        (("304 Not Modified", ""), 5),
        (("401 Unauthorized", "<html>Sign in</html>"), 3),
    ],
)
def test_whatever_is_answered_the_files_stay(
    enrolled: Box, gate: PlayedHost, answer: Any, code: int
):
    (path,) = (path for path in gate.stage.plays if path.endswith("/sync"))
    gate.stage.plays[path] = lambda _form: answer
    was = enrolled.used

    done = enrolled.sync()

    assert (done.code, done.out) == (code, ""), done.said
    assert enrolled.used == was


CHALLENGES: dict[str, Any] = {
    "of another server": {"challenge_text": "Gatehouse: enrol this host.\nserver: https://evil"},
    "for another purpose": {"namespace": "file"},
    "of a login": {"challenge_text": "anything"},
    "nothing": {"challenge_text": None},
}


@pytest.mark.parametrize("what", CHALLENGES)
def test_a_host_key_signs_nothing_else(box: Box, gate: PlayedHost, what: str):
    gate.challenge = CHALLENGES[what]

    done = box.run("enroll", "token")

    assert done.code in (2, 4), done.said
    assert gate.sent == []
    assert box.used == {}


CERTIFICATES: dict[str, Any] = {
    "for people": {"host": False},
    "for another name": {"principals": ["db2.acme.example"]},
    "for any name": {"principals": []},
    "that is over": {"begins": -HOUR, "ends": -60},
    "that begins later": {"begins": HOUR, "ends": 2 * HOUR},
}


@pytest.mark.parametrize("what", [*CERTIFICATES, "of another authority", "for another key"])
def test_a_certificate_that_is_not_for_this_machine_is_not_kept(
    box: Box, gate: PlayedHost, what: str, tmp_path: Path
):
    """R13."""
    gate.signs = CERTIFICATES.get(what, {})
    if what == "of another authority":
        gate.signs = {"by": Authority.made(tmp_path / "other")}
    elif what == "for another key":
        made = gate._certificates([make_key(tmp_path).public])  # noqa: SLF001
        gate._certificates = lambda _lines: made  # type: ignore[method-assign]  # noqa: SLF001

    done = box.run("enroll", "token")

    assert (done.code, done.out) == (2, ""), done.said
    assert box.used == {}
    assert not (box.folder / "state.json").exists()


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


def test_uninstalling_waits_for_sshd(enrolled: Box):
    was = enrolled.used

    done = enrolled.run("uninstall")

    assert (done.code, "--reloaded" in done.err) == (1, True)
    del was["sshd_config.d/gatehouse.conf"]
    assert enrolled.used == was
    assert enrolled.run("uninstall", "--reloaded").code == 0
    assert enrolled.used == {}


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
    """R20."""
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
    for kind in ("ed25519", "ecdsa"):
        other = make_key(enrolled.directory, kind)
        (enrolled.ssh / f"ssh_host_{kind}_key.pub").write_text(other.public)

    done = enrolled.run("renew", "--force")

    assert (done.code, "anew" in done.err) == (1, True)


@pytest.mark.slow
def test_sshd_has_all_its_files_at_every_moment(enrolled: Box, gate: PlayedHost):
    """R25: whenever the machine stops in the middle, fifty times."""
    began = time.monotonic()
    assert enrolled.sync().code == 0
    usual = time.monotonic() - began
    krls, lines = {gate.krl}, {b"prod\n", b"prod\ndev\n"}
    authorities = {f"{gate.people.key.public.strip()}\n".encode()}
    over, faults = Event(), []

    def look(path: Path, good: set[bytes]) -> None:
        try:
            if (found := path.read_bytes()) not in good:
                faults.append((path.name, found))
            if stat.S_IMODE(path.stat().st_mode) != 0o644:
                faults.append((path.name, "mode"))
        except OSError as error:
            faults.append((path.name, error))

    def watch() -> None:
        while not over.is_set():
            look(enrolled.folder / "revoked.krl", krls)
            look(enrolled.folder / "user-ca.pub", authorities)
            look(enrolled.principals_file, lines)
            if not enrolled.certificate.read_bytes().endswith(b"\n"):
                faults.append("certificate")

    watcher = Thread(target=watch)
    watcher.start()
    killed = 0
    try:
        for turn in range(50):
            gate.publish(*range(1, turn + 2))
            krls.add(gate.krl)
            gate.changes["principals"] = {
                enrolled.account: ["prod", "dev"] if turn % 2 else ["prod"],
                f"user{turn}": ["prod"],
            }
            gate.changes["renewal_due"] = turn % 5 == 0
            with enrolled.start_command("sync") as running:
                try:
                    running.process.wait(usual * random.uniform(0.4, 1.5))  # noqa: S311
                except subprocess.TimeoutExpired:
                    running.process.kill()
                    killed += 1
    finally:
        over.set()
        watcher.join()

    assert faults == []
    assert 5 < killed < 50
    gate.changes["renewal_due"] = False
    assert enrolled.sync().code == 0
    assert (enrolled.folder / "revoked.krl").read_bytes() == gate.krl
    assert {path.name for path in enrolled.principals_file.parent.iterdir()} == {
        enrolled.account,
        "user49",
    }
    left = [path.name for path in enrolled.ssh.rglob(".*") if path.name != ".config"]
    assert left == []


@pytest.mark.slow
def test_many_at_once_wait_for_one_another(enrolled: Box, gate: PlayedHost):
    gate.publish(1, 2, 3)
    running = [enrolled.start_command("sync", "--json") for _ in range(4)]
    done = [one.ended() for one in running]

    assert [one.code for one in done] == [0] * 4, done
    assert sum(bool(one.json["changed"]) for one in done) == 1
