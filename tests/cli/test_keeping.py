"""Which certificate is kept, and which is asked for anew: what the server says of it decides."""

from pathlib import Path

import pytest

from gatehouse_cli.certificates import Certificate, read_certificate
from gatehouse_cli.certifying import Wish
from gatehouse_cli.keeping import Told, is_kept
from tests.cli.authority import Played, set_up
from tests.cli.programs import Cli
from tests.cli.stage import enveloped, refusal
from tests.openssh import KeyFile, make_key

TOKEN = "a-token-of-somebody"
AWAY = "http://127.0.0.1:1"


def certificate(*principals: str) -> Certificate:
    return Certificate(
        type="ssh-ed25519-cert-v01@openssh.com",
        key_type="ssh-ed25519",
        key_blob=b"",
        serial=1,
        kind="user",
        key_id="gh1:acme:u:x@y.example:c",
        principals=principals,
        valid_after=0,
        valid_before=3600,
        critical_options={},
        extensions={},
        ca_blob=b"",
        blob=b"",
    )


@pytest.mark.unit
@pytest.mark.parametrize(
    ("has", "named", "state", "would_have", "stays"),
    [
        (("deploy",), (), "valid", ("deploy",), True),
        (("deploy",), (), "valid", ("deploy", "web"), False),
        (("deploy", "web"), (), "valid", ("deploy",), True),
        (("deploy",), (), "valid", (), True),
        (("deploy",), (), "revoked", ("deploy",), False),
        (("deploy",), (), "expired", ("deploy",), False),
        (("deploy",), (), "", ("deploy",), False),
        (("deploy",), ("deploy",), "valid", ("deploy", "web"), True),
        (("deploy",), ("deploy",), "revoked", ("deploy",), False),
    ],
)
def test_what_is_as_good_as_a_new_one_stays(
    has: tuple[str, ...],
    named: tuple[str, ...],
    state: str,
    would_have: tuple[str, ...],
    *,
    stays: bool,
):
    told = Told(state, frozenset(would_have))

    assert is_kept(certificate(*has), Wish(named), told) is stays


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine with one key, which is proved, and a certificate for it."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": TOKEN})
    made = make_key(home / ".ssh")
    for ending in ("", ".pub"):
        Path(f"{made.path}{ending}").rename(home / ".ssh" / f"id_ed25519{ending}")
    key = KeyFile(home / ".ssh" / "id_ed25519")
    played.register(key.public)
    assert cli.run("cert", "request").code == 0
    played.asked.clear()
    return cli


def here(cli: Cli) -> Certificate:
    return read_certificate(cli.home / ".ssh" / "id_ed25519-cert.pub")


@pytest.mark.integration
@pytest.mark.parametrize("state", ["revoked", "expired", "unknown"])
def test_what_the_server_does_not_count_is_asked_for_anew(machine: Cli, played: Played, state: str):
    old = here(machine)
    played.states[old.id] = state

    done = machine.run("cert", "request")

    assert done.code == 0, done.said
    assert len(played.asked) == 1
    assert here(machine).id != old.id


@pytest.mark.integration
def test_who_was_given_more_gets_it(machine: Cli, played: Played):
    old = here(machine)
    assert machine.run("cert", "request").code == 0
    assert here(machine) == old

    played.principals = ["db", "deploy", "web"]
    done = machine.run("cert", "request")

    assert done.code == 0, done.said
    assert here(machine).principals == ("db", "deploy", "web")


@pytest.mark.integration
@pytest.mark.parametrize("error_type", ["NO_PRINCIPALS", "STEP_UP_REQUIRED", "WEAK_KEY"])
def test_where_no_new_one_is_to_be_had_the_old_one_stays(
    machine: Cli, played: Played, error_type: str
):
    no = refusal(error_type, "No.")
    played.stage.plays["/api/v1/ssh/sign/preview"] = lambda _form: ("403 Forbidden", no)
    old = here(machine)

    done = machine.run("cert", "request")

    assert (done.code, here(machine), played.asked) == (0, old, [])


@pytest.mark.integration
def test_what_stands_in_the_way_of_more_is_said(machine: Cli, played: Played):
    """In words for people, with one way out; and the good one stays."""
    included = [{"name": name, "included": True} for name in ("deploy", "prod", "web")]
    message = "Confirm that it is you by a second factor: POST /api/v1/auth/reauthenticate."
    no = {"error_type": "STEP_UP_REQUIRED", "message": message, "details": {"max_age": 600}}
    said = {"allowed": False, "refusals": [no], "principals": included}
    preview = "/api/v1/ssh/sign/preview"
    played.stage.plays[preview] = lambda _form: ("200 OK", enveloped(said))
    old = here(machine)

    done = machine.run("cert", "request")
    foreseen = machine.run("cert", "request", "--dry-run")

    assert (done.code, here(machine), played.asked) == (0, old, [])
    assert "A new one would have prod, too" in done.err
    assert (foreseen.code, foreseen.out.count("--step-up")) == (4, 1)
    assert done.err.count("gatehouse login --step-up") == 1
    assert "/api/v1" not in done.err + foreseen.out


@pytest.mark.integration
def test_without_the_server_a_good_one_stays(machine: Cli, played: Played):
    """And it is said, unless nothing shall be."""
    old = here(machine)

    told = machine.run("cert", "request", GATEHOUSE_SERVER=AWAY)
    quiet = machine.run("cert", "request", "--quiet", GATEHOUSE_SERVER=AWAY)
    named = machine.run("cert", "request", "--org", "acme", GATEHOUSE_SERVER=AWAY)

    assert (told.code, "not reached" in told.err, "is kept" in told.err) == (0, True, True)
    assert (quiet.code, quiet.err) == (0, "")
    assert (named.code, here(machine)) == (0, old)
    for other in (("--org", "other"), ("--force",), ("--dry-run",), ("--ttl", "9h")):
        assert machine.run("cert", "request", *other, GATEHOUSE_SERVER=AWAY).code == 5
    (machine.home / ".ssh" / "id_ed25519-cert.pub").unlink()
    assert machine.run("cert", "request", GATEHOUSE_SERVER=AWAY).code == 5


@pytest.fixture
def prepared(machine: Cli, played: Played) -> Cli:
    """The same, with acme set up."""
    set_up(machine)
    played.asked.clear()
    return machine


def set_up_one(cli: Cli) -> Certificate:
    return read_certificate(cli.home / ".ssh" / "gatehouse" / "acme-cert.pub")


@pytest.mark.integration
def test_what_is_set_up_is_looked_at_by_the_server_too(prepared: Cli, played: Played):
    old = set_up_one(prepared)
    played.states[old.id] = "revoked"

    assert prepared.run("cert", "request").code == 0

    assert set_up_one(prepared).id != old.id


@pytest.mark.integration
def test_setting_up_again_brings_what_was_given_since(prepared: Cli, played: Played):
    set_up(prepared)
    assert played.asked == []
    played.principals = ["db", "deploy", "web"]

    set_up(prepared)

    assert set_up_one(prepared).principals == ("db", "deploy", "web")


@pytest.mark.integration
def test_whoever_is_not_signed_in_has_to_and_keeps_what_there_is(prepared: Cli):
    """Perhaps they were locked out, and it was revoked."""
    del prepared.env["GATEHOUSE_TOKEN"]
    old = set_up_one(prepared)

    done = prepared.run("cert", "request")

    assert (done.code, set_up_one(prepared)) == (3, old), done.said


@pytest.mark.integration
def test_programs_are_told_alike_of_what_was_signed_and_what_was_kept(machine: Cli, played: Played):
    signed = machine.run("cert", "request", "--force", "--json").json
    kept = machine.run("cert", "request", "--json").json
    away = machine.run("cert", "request", "--json", GATEHOUSE_SERVER=AWAY).json

    assert (signed["kept"], kept["kept"], away) == (False, True, kept)
    assert set(kept) <= set(signed)
    same = ("file", "principals", "ca_fingerprint", "valid_before", "key_id", "id")
    assert [name for name in same if kept[name] != signed[name]] == []
    assert kept["certificate"].split()[:2] == signed["certificate"].split()[:2]
    assert kept["id"] == kept["cert_id"] == here(machine).id
