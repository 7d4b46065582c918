"""Who gets in where the real sshd and ssh decide, with what our own encoder made."""

import base64
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatehouse.core.openssh.certificates import issue
from gatehouse.core.openssh.krl import Revoked, write_krl
from gatehouse.core.openssh.terms import Kind
from tests.core.openssh.conftest import KINDS, Pair
from tests.core.openssh.made_certificates import FIVE_MINUTES, good_now
from tests.core.openssh.made_keys import ED25519, SIGNING, authority, public_line
from tests.sshd import NAME, Login, Sshd

OURS, OTHER = authority(ED25519), authority("ecdsa-sha2-nistp256")
TRUSTED = public_line(OURS.blob)
FOR_US = f"@cert-authority *.example.com {TRUSTED}"
Try = Callable[..., Login]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd") / "server") as sshd:
        yield sshd


@pytest.fixture
def sshd(running: Sshd) -> Sshd:
    """One that believes one authority, has revoked nothing and lets "prod" in."""
    running.trust(TRUSTED)
    running.revoke(b"")
    running.admit("prod")
    return running


@pytest.fixture
def enter(sshd: Sshd, pairs: dict[str, Pair]) -> Try:
    """Log in with a certificate that says these terms."""

    def enter(*command: str, by=OURS, of_type: str = ED25519, options=(), **terms) -> Login:
        pair = pairs[of_type]
        certificate = issue(good_now(pair.public.blob, **terms), by.blob, by.sign)
        return sshd.login(pair.path, certificate, *command, options=options)

    return enter


def from_now(seconds: int) -> int:
    return int(time.time()) + seconds


@pytest.mark.parametrize("by", SIGNING)
@pytest.mark.parametrize("of_type", KINDS)
def test_every_type_of_key_logs_in_with_every_type_of_authority(
    sshd: Sshd, enter: Try, of_type: str, by: str
):
    """SSH-05: by whichever OpenSSH is on the PATH, see ``make test-openssh``."""
    sshd.trust(public_line(authority(by).blob))
    login = enter("echo", "in", by=authority(by), of_type=of_type)

    assert login.is_in
    assert login.out == "in\n"
    assert "ID gh1:acme:alice (serial 7) CA" in login.log


UNLISTED = "Certificate does not contain an authorized principal"


@pytest.mark.parametrize(
    ("listed", "has", "reason"),
    [
        (("prod",), ("prod",), ""),
        (("dev", "prod"), ("ops", "prod"), ""),
        (("# zones", "", '  from="127.0.0.0/8" prod  '), ("prod",), ""),
        (('from="10.0.0.0/8" prod',), ("prod",), "not from a permitted"),
        (("dev",), ("prod",), UNLISTED),
        (("pro",), ("prod",), UNLISTED),
        (("prod-*",), ("prod-db",), UNLISTED),
        (("dev,prod",), ("prod",), UNLISTED),
        ((), ("prod",), UNLISTED),
    ],
)
def test_in_comes_who_has_a_principal_that_the_account_lists(
    sshd: Sshd, enter: Try, listed: tuple[str, ...], has: tuple[str, ...], reason: str
):
    sshd.admit(*listed)
    login = enter(principals=has)

    assert login.is_in == (not reason)
    assert reason in login.log


def test_the_name_of_an_account_is_no_principal_of_it(sshd: Sshd, enter: Try):
    """Nor is any, where no file says which are."""
    assert not enter(principals=(sshd.account,)).is_in
    sshd.admit_nobody()
    assert UNLISTED in enter(principals=(sshd.account,)).log
    assert UNLISTED in enter(principals=("prod",)).log


@pytest.mark.parametrize(
    ("begins", "ends", "reason"),
    [
        (-60, 60, ""),
        (-60, -1, "Certificate invalid: expired"),
        (60, 120, "Certificate invalid: not yet valid"),
        # A host whose clock is four minutes late, as it sees certificates that are five minutes
        # back-dated, and others.
        (240 - FIVE_MINUTES, 600, ""),
        (240, 600, "Certificate invalid: not yet valid"),
    ],
)
def test_a_certificate_counts_between_its_times(enter: Try, begins: int, ends: int, reason: str):
    login = enter(valid_after=from_now(begins), valid_before=from_now(ends))

    assert login.is_in == (not reason)
    assert reason in login.log


def test_a_host_certificate_is_none_of_a_good_now(enter: Try):
    """Threat 215."""
    assert not enter(kind=Kind.HOST, extensions={}).is_in


def test_what_an_unknown_authority_signed_counts_nothing(enter: Try):
    assert not enter(by=OTHER).is_in


def test_a_changed_certificate_counts_nothing(sshd: Sshd, pairs: dict[str, Pair]):
    pair = pairs[ED25519]
    line = issue(good_now(pair.public.blob, principals=("prad",)), OURS.blob, OURS.sign)
    name, text = line.split()
    changed = base64.b64decode(text).replace(b"prad", b"prod")

    assert not sshd.login(pair.path, f"{name} {base64.b64encode(changed).decode()}").is_in


def test_both_keys_of_a_rotation_are_believed(sshd: Sshd, enter: Try):
    sshd.trust("# version 3", TRUSTED, "", public_line(OTHER.blob))
    assert [enter(by=by).is_in for by in (OURS, OTHER)] == [True, True]

    sshd.trust(public_line(OTHER.blob))
    assert [enter(by=by).is_in for by in (OURS, OTHER)] == [False, True]


@pytest.mark.parametrize(
    ("networks", "is_in"),
    [
        ("127.0.0.0/8", True),
        ("10.0.0.0/8,127.0.0.1/32", True),
        ("2001:db8::/32,127.0.0.1/32", True),
        ("10.0.0.0/8", False),
        ("::1/128", False),
    ],
)
def test_a_certificate_counts_from_its_networks_alone(enter: Try, networks: str, *, is_in: bool):
    """Threat 225."""
    login = enter(critical_options={"source-address": networks})

    assert login.is_in == is_in
    assert is_in != ("not from a permitted source address" in login.log)


def test_a_forced_command_runs_in_place_of_what_was_asked_for(enter: Try):
    """Threat 225."""
    command = 'printf "%s|" "for you" "$SSH_ORIGINAL_COMMAND"'
    login = enter("cat", "/etc/passwd", critical_options={"force-command": command})

    assert login.out == "for you|cat /etc/passwd|"


TERMINAL = ["RequestTTY=force"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives terminals away everywhere")
def test_there_is_a_terminal_with_the_extension_for_it(enter: Try):
    assert enter("tty", options=TERMINAL).out.startswith("/dev/")


def test_without_the_extension_for_it_commands_run_and_there_is_no_terminal(enter: Try):
    """Threat 225."""
    login = enter(extensions={}, options=TERMINAL)

    assert "PTY allocation request failed" in login.err
    assert "Accepted publickey" in login.log
    assert enter("echo", "in", extensions={}).out == "in\n"


def test_an_extension_of_our_own_is_in_nobodys_way(enter: Try):
    assert enter(extensions={"login@example.com": "alice"}).is_in


def by_us(*serials: int) -> Revoked:
    return Revoked(serials={OURS.blob: set(serials)})


def revoked_of(pairs: dict[str, Pair], what: str) -> Revoked:
    subject = pairs[ED25519].public.blob
    return {
        "its serial": by_us(3, 7),
        "a range": by_us(*range(1, 1000)),
        "its key": Revoked(keys={subject}),
        "the fingerprint of its key": Revoked(fingerprints={digest(pairs[ED25519])}),
        "the authority": Revoked(keys={OURS.blob}),
        "other serials": by_us(6, 8),
        "its serial of another authority": Revoked(serials={OTHER.blob: {7}}),
        "another authority": Revoked(keys={OTHER.blob}),
        "another key": Revoked(keys={pairs["ssh-rsa"].public.blob}),
        "nothing": Revoked(),
    }[what]


def digest(pair: Pair) -> bytes:
    return base64.b64decode(pair.public.fingerprint.removeprefix("SHA256:") + "=")


@pytest.mark.parametrize(
    ("what", "is_in"),
    [
        ("its serial", False),
        ("a range", False),
        ("its key", False),
        ("the fingerprint of its key", False),
        ("the authority", False),
        ("other serials", True),
        ("its serial of another authority", True),
        ("another authority", True),
        ("another key", True),
        ("nothing", True),
    ],
)
def test_our_revocation_list_keeps_out_whom_it_names(
    sshd: Sshd, enter: Try, pairs: dict[str, Pair], what: str, *, is_in: bool
):
    """Threat 218: the next login fails, and nothing need be restarted."""
    assert enter().is_in
    sshd.revoke(write_krl(1, int(time.time()), "acme", revoked_of(pairs, what)))
    login = enter()

    assert login.is_in == is_in
    assert is_in != ("revoked by file" in login.log)


def test_a_list_that_openssh_would_write_unreadably_works(sshd: Sshd, enter: Try):
    """8,193 alternate serials need a bitmap that `ssh-keygen -k` writes and cannot read."""
    sshd.revoke(write_krl(1, int(time.time()), "", by_us(*range(1, 2 * 8193, 2))))

    assert [enter(serial=serial).is_in for serial in (1, 8192, 16_385, 16_386)] == [
        *(False, True),
        *(False, True),
    ]


@pytest.mark.parametrize("junk", [b"<!doctype html><title>503</title>", b"SSHKRL\n\0"])
def test_a_damaged_list_keeps_everybody_out(sshd: Sshd, enter: Try, junk: bytes):
    """Which is why none is put in place unchecked."""
    sshd.revoke(junk)
    login = enter()

    assert not login.is_in
    assert "revoked keys file" in login.log


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server whose host certificate changes: each needs a new start."""
    with Sshd(tmp_path_factory.mktemp("machine") / "server") as sshd:
        sshd.trust(TRUSTED)
        sshd.admit("prod")
        yield sshd


@pytest.fixture
def meet(machine: Sshd, pairs: dict[str, Pair]) -> Try:
    """Log in at a server that shows a certificate with these terms."""

    def meet(*known: str, options=(), name: str = NAME, by=OURS, **terms) -> Login:
        blob = base64.b64decode(machine.host_line.split()[1])
        usual = {"kind": Kind.HOST, "principals": (NAME, "db1"), "extensions": {}, "serial": 9}
        machine.show(issue(good_now(blob, **usual | terms), by.blob, by.sign))
        pair = pairs[ED25519]
        certificate = issue(good_now(pair.public.blob), OURS.blob, OURS.sign)
        return machine.login(pair.path, certificate, known=known, options=options, name=name)

    return meet


@pytest.mark.parametrize("by", SIGNING)
def test_a_host_is_known_by_its_certificate(meet: Try, by: str):
    login = meet(f"@cert-authority {NAME} {public_line(authority(by).blob)}", by=authority(by))

    assert (login.is_in, login.err) == (True, "")


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (FOR_US, NAME),
        (f"@cert-authority db1,*.example.com {TRUSTED}", "db1"),
        (f"@cert-authority 127.0.0.1 {TRUSTED}", "127.0.0.1"),
    ],
)
def test_a_host_is_known_by_each_of_its_names(meet: Try, known: str, name: str):
    assert meet(known, name=name, principals=(NAME, "db1", "127.0.0.1")).is_in


NOT_KNOWN = {
    "another name": ({}, (FOR_US,), "db2.example.com", "Certificate invalid: name is not a listed"),
    "a part of its name": ({"principals": ("example.com",)}, (FOR_US,), NAME, "name is not a"),
    "expired": ({"valid_before": 1_700_000_000, "valid_after": 1}, (FOR_US,), NAME, "expired"),
    "a user's": ({"kind": Kind.USER}, (FOR_US,), NAME, "not a host certificate"),
    "of another authority": ({"by": OTHER}, (FOR_US,), NAME, "host key is known for"),
    "outside of the pattern": ({}, (f"@cert-authority *.org {TRUSTED}",), NAME, "is known for"),
    "an authority as a host": ({}, (f"{NAME} {TRUSTED}",), NAME, "IDENTIFICATION HAS CHANGED"),
    "revoked": ({}, (FOR_US, f"@revoked * {TRUSTED}"), NAME, "REVOKED HOST KEY DETECTED"),
}


@pytest.mark.parametrize(("terms", "known", "name", "said"), NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_a_host_is_not_known_by_any_other_certificate(
    meet: Try, terms: dict, known: tuple[str, ...], name: str, said: str
):
    """Threats 215 and 227."""
    login = meet(*known, name=name, **terms)

    assert not login.is_in
    assert said in login.err


def test_both_authorities_of_a_rotation_make_a_host_known(meet: Try):
    known = [f"@cert-authority *.example.com {public_line(by.blob)}" for by in (OURS, OTHER)]

    assert [meet(*known, by=by).is_in for by in (OURS, OTHER)] == [True, True]


@pytest.mark.parametrize(
    ("listed", "is_in"),
    [
        (by_us(9), False),
        (Revoked(keys={OURS.blob}), False),
        (by_us(8), True),
        (Revoked(serials={OTHER.blob: {9}}), True),
    ],
)
def test_our_revocation_list_counts_for_hosts_too(
    meet: Try, tmp_path: Path, listed: Revoked, *, is_in: bool
):
    (tmp_path / "krl").write_bytes(write_krl(1, int(time.time()), "", listed))
    login = meet(FOR_US, options=[f"RevokedHostKeys={tmp_path / 'krl'}"])

    assert login.is_in == is_in
    assert is_in != ("revoked" in login.err)
