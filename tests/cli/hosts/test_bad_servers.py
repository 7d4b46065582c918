"""What a machine makes of a server that is not as it should be: sshd keeps what it has (SSH-25)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.authority import HOUR, Authority
from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import BASE, DAY, PlayedHost, no_such_key
from tests.cli.stage import OK, enveloped
from tests.openssh import KeyFile, make_key

pytestmark = pytest.mark.integration


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
    """SSH-15, SSH-25."""
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
    "a version before the first": {"krl_version": -1},
    "a version that is a truth": {"krl_version": True},
    "no address": {"krl_url": None},
    "an address without protection": {"krl_url": "http://192.0.2.1/krl", "krl_version": 99},
    "no signer": {"krl_signer": None},
    "an organization that is a line": {"organization": "acme\nPermitRootLogin yes"},
    "another machine": {"host_id": "0193b6f0-0000-7000-8000-00000000000b"},
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_whole_is_not_used(enrolled: Box, gate: PlayedHost, what: str):
    """SSH-25; threat 216."""
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


@pytest.mark.parametrize("told", [None, 5, ["x"], "x", {}, {"challenge": "x"}, {"challenge": [5]}])
@pytest.mark.parametrize("command", ["enroll token", "renew --force"])
def test_what_asks_for_no_signature_gets_none(
    enrolled: Box, gate: PlayedHost, command: str, told: Any
):
    for path in ("enroll", "renew"):
        gate.stage.plays[f"{BASE}/{path}"] = lambda _form: (OK, enveloped(told))
    was = enrolled.used

    done = enrolled.run(*command.split())

    assert (done.code, "Traceback" in done.err) == (2, False), done.said
    assert enrolled.used == was


@pytest.mark.parametrize("told", [None, 5, ["x"], {}, {"renewed": 5}, {"renewed": {}}])
def test_what_is_no_certificate_leaves_those_of_before(enrolled: Box, gate: PlayedHost, told: Any):
    asked, was = gate.stage.plays[f"{BASE}/renew"], enrolled.used
    gate.stage.plays[f"{BASE}/renew"] = lambda form: (
        (OK, enveloped(told)) if "signature" in form["body"] else asked(form)
    )

    done = enrolled.run("renew", "--force")

    assert (done.code, "Traceback" in done.err) == (2, False), done.said
    assert enrolled.used == was


@pytest.mark.parametrize("index", [-7, 2, "x", None])
def test_a_key_that_is_none_of_ours_is_not_left_out(box: Box, gate: PlayedHost, index: Any):
    gate.refuses = [no_such_key("WEAK_KEY", index)]

    done = box.run("enroll", "token")

    assert (done.code, "too weak" in done.err, "Traceback" in done.err) == (4, True, False)


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
    """SSH-13. The token is used up by then: with what it gave, `sync` goes on."""
    gate.signs, make = CERTIFICATES.get(what, {}), gate._certificates  # noqa: SLF001
    if what == "of another authority":
        gate.signs = {"by": Authority.made(tmp_path / "other")}
    elif what == "for another key":
        made = gate._certificates([make_key(tmp_path).public])  # noqa: SLF001
        gate._certificates = lambda _lines: made  # type: ignore[method-assign]  # noqa: SLF001

    done = box.run("enroll", "token")

    assert (done.code, done.out) == (2, ""), done.said
    assert box.used == {}
    assert "gatehouse host sync" in done.err
    assert (box.sync().code, box.certificate.exists()) == (2, False)
    gate.signs = {}
    gate._certificates = make  # type: ignore[method-assign]  # noqa: SLF001
    assert box.sync().code == 0
    assert box.run("status").code == 0


@pytest.mark.parametrize("off", [-DAY - HOUR, DAY + HOUR])
def test_where_the_clock_is_another_the_token_stays_good(box: Box, gate: PlayedHost, off: int):
    """What it gets would not be valid yet, or not any more."""
    gate.stage.ahead = off

    done = box.run("enroll", "token")

    assert (done.code, "clock" in done.err, "1 d" in done.err) == (1, True, True), done.said
    assert (gate.stage.count("/api/v1/ssh/hosts/enroll"), gate.sent) == (1, [])
    assert box.used == {}
    gate.stage.ahead = off / 1000
    assert box.run("enroll", "token").code == 0


def test_a_machine_that_gets_no_certificate_for_a_key_does_without(box: Box, gate: PlayedHost):
    make = gate._certificates  # noqa: SLF001
    gate._certificates = lambda lines: make(lines)[1:]  # type: ignore[method-assign]  # noqa: SLF001

    done = box.run("enroll", "token", "--json")

    assert done.code == 0, done.said
    (certificate,) = done.json["certificates"]
    assert certificate["file"] == str(box.certificate)
    assert "ssh_host_ecdsa_key.pub gets no certificate" in done.err
    assert box.sync("--json").json["renewed"] is False
