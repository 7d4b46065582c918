"""A machine that enrols itself: the real server, the real sshd, and people who log in."""

import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gatehouse.ssh_hosts.models import Host
from tests.cli.hosts.boxes import LISTENS, Box
from tests.cli.hosts.estates import NAME, Estate
from tests.cli.programs import Cli
from tests.factories import Factory
from tests.openssh import keygen, make_key
from tests.processes import wait_until
from tests.serving import GatehouseServer
from tests.sshd import Login

pytestmark = pytest.mark.integration


@pytest.fixture
def estate(serving: GatehouseServer, make: Factory, tmp_path: Path) -> Estate:
    folder = tmp_path / "key"
    folder.mkdir()
    return Estate(serving, make, make_key(folder))


@pytest.fixture
def box(cli: Cli, tmp_path: Path) -> Iterator[Box]:
    with Box(tmp_path / "box", cli) as found:
        yield found


@pytest.fixture
def host(estate: Estate, box: Box) -> Any:
    return estate.host(accounts={box.account: ["prod"], "deploy": []})


@pytest.fixture
def enrolled(estate: Estate, box: Box, host: Any) -> Box:
    done = box.enroll(estate.token(host))
    assert done.code == 0, done.said
    return box


def enter(estate: Estate, box: Box, certificate: Any = None) -> Login:
    """As the member, whose ssh knows the machine by its certificate alone."""
    text = (certificate or estate.signed())["certificate"]
    return box.login(estate.key.path, text, known=estate.known_hosts(), name=NAME)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_machine_enrols_and_people_log_in(estate: Estate, enrolled: Box):
    """SSH-07, SSH-08, SSH-19; threats 224, 227."""
    login = enter(estate, enrolled)

    assert login.is_in, login
    assert "ID gh1:" in login.log
    assert mode(enrolled.folder / "state.json") == 0o600
    names = {"gatehouse/user-ca.pub", "gatehouse/revoked.krl", "sshd_config.d/gatehouse.conf"}
    accounts = {f"gatehouse/principals/{name}" for name in (enrolled.account, "deploy")}
    certificates = {f"ssh_host_{kind}_key-cert.pub" for kind in ("ed25519", "ecdsa")}
    assert set(enrolled.used) == names | accounts | certificates
    assert {mode(enrolled.ssh / name) for name in enrolled.used} == {0o644}
    status = enrolled.run("status", "--json")
    assert (status.code, status.json["problems"]) == (0, []), status.said
    assert status.json["names"] == [NAME]
    assert enrolled.kept["credential"] not in status.said


def test_the_token_need_not_stand_among_the_arguments(estate: Estate, box: Box, host: Any):
    """Threat 223."""
    file = box.directory / "token"
    file.write_text(f"{estate.token(host)}\n")
    assert box.enroll(f"@{file}").code == 0
    done = box.run("enroll", "-", given=f"{estate.token(host)}\n")
    assert done.code == 0, done.said


def test_who_is_revoked_stays_out_after_the_next_fetch(estate: Estate, enrolled: Box):
    """SSH-14, SSH-25; threat 218."""
    certificate = estate.signed()
    assert enter(estate, enrolled, certificate).is_in
    estate.revoke(certificate)

    done = enrolled.sync("--json")

    assert (done.code, done.json["changed"]) == (0, [str(enrolled.folder / "revoked.krl")])
    login = enter(estate, enrolled, certificate)
    assert not login.is_in
    assert "revoked" in login.log
    assert enter(estate, enrolled).is_in
    again = enrolled.sync("--json")
    assert (again.code, again.json["changed"]) == (0, [])


def test_a_dry_run_says_what_would_be_and_does_nothing(estate: Estate, enrolled: Box):
    estate.revoke(estate.signed())
    before, kept = enrolled.used, enrolled.kept

    done = enrolled.sync("--dry-run")

    assert (done.code, "Would be written" in done.err) == (0, True)
    assert (enrolled.used, enrolled.kept) == (before, kept)


def test_who_gets_into_which_account_follows_the_record(estate: Estate, enrolled: Box, host: Any):
    """SSH-08."""
    estate.change(host, accounts={"other": ["prod"]})

    done = enrolled.sync()

    assert done.code == 0, done.said
    assert [path.name for path in enrolled.principals_file.parent.iterdir()] == ["other"]
    assert not enter(estate, enrolled).is_in
    estate.change(host, accounts={enrolled.account: ["prod"]})
    assert enrolled.sync().code == 0
    assert enter(estate, enrolled).is_in


def test_whatever_somebody_else_did_to_its_files_is_undone(estate: Estate, enrolled: Box):
    before = enrolled.used
    (enrolled.folder / "principals" / "admin").write_text("everybody\n")
    enrolled.principals_file.write_text("everybody\n")
    (enrolled.folder / "revoked.krl").write_bytes(b"")
    (enrolled.folder / "user-ca.pub").unlink()
    (enrolled.folder / ".revoked.krl.0123456789abcdef").write_bytes(b"SSHKRL")
    assert enrolled.run("status").code == 1

    assert enrolled.sync().code == 0

    assert enrolled.used == before
    assert enrolled.run("status").code == 0


def test_without_the_server_people_log_in_as_before(
    estate: Estate, enrolled: Box, serving: GatehouseServer
):
    """SSH-24."""
    certificate, known = estate.signed(), estate.known_hosts()
    serving.stop()
    try:
        done = enrolled.sync()
        login = enrolled.login(estate.key.path, certificate["certificate"], known=known, name=NAME)
        enrolled.keep(fresh_at=enrolled.kept["fresh_at"] - 3600)
        late = enrolled.sync()
    finally:
        serving.start()

    assert (done.code, login.is_in) == (5, True)
    assert "All stays as it is" in done.err
    assert "has not heard" not in done.err
    assert (late.code, "for 1 h" in late.err) == (5, True)
    assert enrolled.sync().code == 0


def test_certificates_are_renewed_when_they_are_due(
    estate: Estate, enrolled: Box, host: Any, make: Factory
):
    """SSH-19, SSH-20."""
    before = enrolled.used
    assert enrolled.run("needs-renewal").code == 1
    assert enrolled.run("renew").code == 0
    assert enrolled.used == before
    past = datetime.now(UTC) - timedelta(days=1)
    make.change(Host(id=UUID(host["id"])), due_at=past, expires_at=past)
    heard = enrolled.said().count(LISTENS)

    done = enrolled.sync("--json")

    assert (done.code, done.json["renewed"]) == (0, True), done.said
    changed = {name for name, content in enrolled.used.items() if content != before[name]}
    assert changed == {f"ssh_host_{kind}_key-cert.pub" for kind in ("ed25519", "ecdsa")}
    assert wait_until(lambda: enrolled.said().count(LISTENS) > heard)
    assert enter(estate, enrolled).is_in
    assert estate.read(host)["state"] == "enrolled"


def test_certificates_are_renewed_whenever_one_says_so(enrolled: Box):
    before = enrolled.used
    assert enrolled.run("renew", "--force").code == 0
    assert enrolled.used != before
    enrolled.certificate.unlink()
    assert enrolled.sync().code == 0
    assert enrolled.certificate.exists()


def test_a_key_that_is_taken_away_is_missed_no_more(estate: Estate, enrolled: Box, host: Any):
    """As where somebody wants none of that kind: the others stay as they are."""
    was, taken = enrolled.certificate.read_text(), list(enrolled.ssh.glob("ssh_host_ecdsa_key*"))
    for path in taken:
        path.rename(enrolled.directory / path.name)

    done = [enrolled.sync("--json") for _ in range(2)]

    assert [(one.code, one.json["renewed"]) for one in done] == [(0, False)] * 2, done
    assert enrolled.certificate.read_text() == was
    assert enrolled.run("status").code == 0
    assert enrolled.run("needs-renewal").code == 1
    assert enrolled.run("renew", "--force").code == 0
    assert enrolled.sync("--json").json == {"changed": [], "removed": [], "renewed": False}
    assert not any(path.exists() for path in taken)
    assert enter(estate, enrolled).is_in
    for path in taken:
        (enrolled.directory / path.name).rename(path)
    assert enrolled.sync("--json").json["renewed"] is True
    assert enrolled.run("status").code == 0


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_where_one_key_is_revoked_the_others_are_renewed(
    estate: Estate, enrolled: Box, host: Any, kind: str
):
    """Threat 221: whichever of them it is that signs first."""
    revoke_key(estate, enrolled, kind)
    heard = enrolled.said().count(LISTENS)

    done = enrolled.sync("--json")

    assert (done.code, done.json["renewed"]) == (0, True), done.said
    certificate = enrolled.ssh / f"ssh_host_{kind}_key-cert.pub"
    assert done.json["removed"] == [str(certificate)]
    assert f"ssh_host_{kind}_key.pub gets no certificate" in done.err
    assert not certificate.exists()
    assert str(certificate) not in enrolled.drop_in.read_text()
    assert wait_until(lambda: enrolled.said().count(LISTENS) > heard)
    assert enter(estate, enrolled).is_in
    assert enrolled.sync("--json").json["renewed"] is False
    assert names_as_revoked(enrolled, kind)
    assert enrolled.run("renew", "--force").code == 0
    # With the machine as it is, all others are enrolled anew.
    anew = enrolled.enroll(estate.token(host), "--json")
    assert (anew.code, "has revoked this key" in anew.err) == (0, True), anew.said
    assert str(certificate) not in [one["file"] for one in anew.json["certificates"]]
    assert names_as_revoked(enrolled, kind)
    assert enter(estate, enrolled).is_in
    # Until there is another one in its place, or none.
    public = enrolled.ssh / f"ssh_host_{kind}_key.pub"
    was = public.read_text()
    public.write_text(make_key(enrolled.directory, kind).public)
    assert enrolled.run("status").code == 0
    public.write_text(was)
    assert names_as_revoked(enrolled, kind)
    public.unlink()
    assert enrolled.run("status").code == 0


def test_what_is_not_ours_stays_where_the_certificate_of_a_revoked_key_was(
    estate: Estate, enrolled: Box
):
    revoke_key(estate, enrolled, "ecdsa")
    certificate = enrolled.ssh / "ssh_host_ecdsa_key-cert.pub"
    certificate.write_text("somebody's\n")

    done = enrolled.sync("--json")

    assert (done.code, done.json["removed"]) == (0, []), done.said
    assert certificate.read_text() == "somebody's\n"
    assert str(certificate) not in enrolled.drop_in.read_text()


def test_where_all_keys_are_revoked_that_is_said(estate: Estate, enrolled: Box, host: Any):
    before = enrolled.used
    for kind in ("ecdsa", "ed25519"):
        revoke_key(estate, enrolled, kind)

    done = enrolled.sync()

    assert (done.code, "no new certificate" in done.err) == (4, True), done.said
    del before["gatehouse/revoked.krl"]
    assert before.items() <= enrolled.used.items()
    assert names_as_revoked(enrolled, "ecdsa", "ed25519")
    again = enrolled.run("enroll", estate.token(host))
    assert (again.code, "has revoked this key" in again.err) == (4, True)


def names_as_revoked(box: Box, *kinds: str) -> bool:
    status = box.run("status", "--json")
    said = (f"{box.ssh}/ssh_host_{kind}_key.pub gets no certificate any more" for kind in kinds)
    found = zip(status.json["problems"], said, strict=True)
    return status.code == 1 and all(problem.startswith(one) for problem, one in found)


def revoke_key(estate: Estate, box: Box, kind: str) -> None:
    public = box.ssh / f"ssh_host_{kind}_key.pub"
    said = {"key_fingerprint": keygen("-lf", public).split()[1], "reason": "leaked"}
    estate.asked("POST", "/certificates/revoke", said)


def test_sshd_is_not_told_to_read_what_it_refuses(estate: Estate, enrolled: Box):
    """It would end, and with it the way into the machine."""
    enrolled.configure("Nonsense yes")

    done = enrolled.run("renew", "--force")

    assert (done.code, "Nonsense" in done.err) == (0, True), done.said
    assert enrolled.is_running
    assert "was not reloaded" in enrolled.run("status").err
    enrolled.configure()
    heard = enrolled.said().count(LISTENS)
    assert enrolled.sync().code == 0
    assert wait_until(lambda: enrolled.said().count(LISTENS) > heard)
    assert enter(estate, enrolled).is_in
    assert enrolled.run("status").code == 0


@pytest.mark.parametrize("why", ["suspended", "too late"])
def test_a_machine_that_gets_none_keeps_what_it_has(
    estate: Estate, enrolled: Box, host: Any, make: Factory, why: str
):
    before = enrolled.used
    if why == "suspended":
        estate.change(host, suspended=True)
    else:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        make.change(Host(id=UUID(host["id"])), due_at=long_ago, expires_at=long_ago)
    began = time.time()

    done = enrolled.run("renew", "--force")

    assert (done.code, "no new certificate" in done.err) == (4, True), done.said
    assert enrolled.used == before
    assert enter(estate, enrolled).is_in
    # It has heard of the server.
    assert enrolled.kept["fresh_at"] > began
    # Who is revoked meanwhile stays out all the same.
    certificate = estate.signed()
    estate.revoke(certificate)
    enrolled.sync()
    assert not enter(estate, enrolled, certificate).is_in


def test_a_revoked_machine_still_keeps_out_who_is_revoked(estate: Estate, enrolled: Box, host: Any):
    certificate = estate.signed()
    estate.asked("POST", f"/ssh/hosts/{host['id']}/revoke", {"reason": "stolen"})
    estate.revoke(certificate)
    assert estate.read(host)["state"] == "revoked"

    done = enrolled.sync()

    assert (done.code, "host enroll" in done.err) == (3, True)
    login = enrolled.login(estate.key.path, certificate["certificate"], name=NAME)
    assert "revoked" in login.log


@pytest.mark.parametrize("token", ["used", "wrong", "replaced"])
def test_a_token_that_is_not_good_changes_nothing(
    estate: Estate, enrolled: Box, host: Any, token: str
):
    """Threat 224."""
    tokens = {"wrong": "ghe_nonsense", "replaced": estate.token(host)}
    if token == "used":
        tokens["used"] = estate.token(host)
        assert enrolled.run("enroll", tokens["used"]).code == 0
    else:
        estate.token(host)
    before, kept = enrolled.used, enrolled.kept

    done = enrolled.run("enroll", tokens[token])

    assert (done.code, "token" in done.err) == (4, True), done.said
    assert (enrolled.used, enrolled.kept) == (before, kept)


def test_an_organization_without_an_authority_for_people_opens_nothing(
    estate: Estate, enrolled: Box
):
    owner = estate.make.member(estate.org, estate.admin.role.OWNER)
    path = f"/api/v1/organizations/{estate.org.id}/cas/{estate.ca['user']['id']}"
    certificate = estate.signed()
    token = estate.make.session(owner.user_id)
    body = {"reason": "closed", "force": True}
    reply = estate.serving.call("DELETE", path, body, token=token)
    assert reply.status == 200, reply.body

    done = enrolled.sync()

    assert (done.code, "nobody gets in" in done.err) == (0, True), done.said
    assert (enrolled.folder / "user-ca.pub").read_bytes() == b""
    assert not enrolled.login(estate.key.path, certificate["certificate"], name=NAME).is_in


def test_what_was_enrolled_is_taken_out_again(estate: Estate, enrolled: Box):
    """sshd does without the files before they go."""
    heard = enrolled.said().count(LISTENS)
    done = enrolled.run("uninstall")

    assert done.code == 0, done.said
    assert enrolled.used == {}
    assert not enrolled.folder.exists()
    assert wait_until(lambda: enrolled.said().count(LISTENS) > heard)
    assert enrolled.run("sync").code == 1
