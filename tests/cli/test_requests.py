"""Asking for certificates, at a server that is played: what is sent, kept, refused and said."""

import stat
from pathlib import Path
from typing import Any

import pytest

from gatehouse_cli.certificates import read_certificate
from tests.cli.authority import HOUR, Played
from tests.cli.programs import Cli
from tests.cli.stage import OK, enveloped
from tests.openssh import KeyFile, make_key

pytestmark = pytest.mark.integration

TOKEN = "a-token-of-somebody"
NARROW = "id_ed25519+db+web+192.0.2.0-24-cert.pub"


@pytest.fixture
def machine(played: Played, tmp_path: Path) -> Cli:
    """A machine with one key, which is proved."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    cli = Cli(home, played.stage.url, {"GATEHOUSE_TOKEN": TOKEN})
    played.register(own_key(cli).public)
    return cli


def own_key(cli: Cli, name: str = "id_ed25519") -> KeyFile:
    made = make_key(cli.home / ".ssh")
    path = made.path.with_name(name)
    Path(f"{made.path}.pub").rename(f"{path}.pub")
    made.path.rename(path)
    return KeyFile(path)


def beside(cli: Cli) -> Path:
    return cli.home / ".ssh" / "id_ed25519-cert.pub"


def sign_all(played: Played, public: str, **how: Any) -> str:
    """A certificate with all that this person may use."""
    return played.authority.sign(public, principals=played.principals, **how)


def test_a_certificate_is_put_beside_its_key(machine: Cli, played: Played):
    """SSH-09: what limits it is said, and where the server sees who asks."""
    played.signs = {"options": ("source-address=192.0.2.0/24",)}

    done = machine.run("cert", "request")

    assert done.code == 0, done.said
    assert done.out.splitlines()[0] == f"{beside(machine)}: deploy, web"
    assert "as departments allow" in done.out
    assert "Good from 192.0.2.0/24 alone. The server sees you at 192.0.2.7." in done.err
    assert read_certificate(beside(machine)).principals == ("deploy", "web")
    assert stat.S_IMODE(beside(machine).stat().st_mode) == 0o644
    (asked,) = played.asked
    assert asked == {
        "organization_id": played.organizations[0]["id"],
        "key_id": played.keys[0]["id"],
    }


def test_what_is_asked_for_is_sent(machine: Cli, played: Played):
    """Threat 214: lists are lists, and a time is seconds."""
    wish = ("-n", "web", "-n", "db", "--ttl", "1h30m", "--source", "192.0.2.0/24")

    done = machine.run("cert", "request", *wish, "--reason", "Deploy, #7", "--json")

    assert done.json["principals"] == ["web", "db"]
    assert done.json["file"] == str(beside(machine).with_name(NARROW))
    (asked,) = played.asked
    assert {name: asked[name] for name in asked if not name.endswith("_id")} == {
        "principals": ["web", "db"],
        "ttl_seconds": 5400,
        "source_addresses": ["192.0.2.0/24"],
        "reason": "Deploy, #7",
    }


@pytest.mark.parametrize(
    ("there", "asked", "is_asked_for"),
    [
        ({}, (), False),
        ({"ends": HOUR, "begins": -300}, ("--ttl", "1h"), False),
        ({}, ("--ttl", "3h"), True),
        ({}, ("--force",), True),
        ({"begins": -HOUR, "ends": 600}, (), True),
        ({"begins": -HOUR, "ends": -1}, (), True),
        ({"begins": 600}, (), True),
        ({"key_id": "gh1:other:u:x@y:z"}, (), True),
        (None, (), True),
    ],
)
def test_a_certificate_that_is_good_for_long_enough_stays(
    machine: Cli,
    played: Played,
    there: dict[str, Any] | None,
    asked: tuple[str, ...],
    *,
    is_asked_for: bool,
):
    if there is None:
        beside(machine).write_text("junk")
    else:
        public = beside(machine).with_name("id_ed25519.pub").read_text()
        beside(machine).write_text(sign_all(played, public, **there))
    before = beside(machine).read_text()

    done = machine.run("cert", "request", *asked)

    assert done.code == 0, done.said
    assert (len(played.asked) == 1) == is_asked_for
    assert (beside(machine).read_text() != before) == is_asked_for


@pytest.mark.parametrize("what", ["junk", "nothing", "key", "signer", "host", "nobody", "spoiled"])
def test_what_is_no_certificate_for_this_key_is_not_kept(
    machine: Cli, played: Played, tmp_path: Path, what: str
):
    """Threats 215 and 219, SSH-13: what was there before stays."""
    public = played.keys[0]["public_key"]
    sign, other = played.authority.sign, make_key(tmp_path).public
    beside(machine).write_text(sign(public, begins=-600, ends=-1))
    before = beside(machine).read_text()
    name, base64 = sign(public).split()[:2]
    other_letter = "B" if base64[-8] == "A" else "A"
    changed = {
        "junk": {"certificate": "<html>"},
        "nothing": {"certificate": None},
        "key": {"certificate": sign(other)},
        "signer": {"ca_fingerprint": "SHA256:another"},
        "host": {"certificate": sign(public, host=True, principals=("a.example",))},
        "nobody": {"certificate": sign(public, principals=())},
        "spoiled": {"certificate": f"{name} {base64[:-8]}{other_letter}{base64[-7:]}"},
    }[what]
    played.changes = changed

    done = machine.run("cert", "request")

    assert (done.code, done.out) == (5, ""), done.said
    assert "It is not kept" in done.err
    assert beside(machine).read_text() == before
    assert len(list((machine.home / ".ssh").iterdir())) == 3


@pytest.mark.parametrize(
    ("status", "error_type", "code", "says"),
    [
        ("403 Forbidden", "STEP_UP_REQUIRED", 6, "gatehouse login --step-up"),
        ("403 Forbidden", "UNAUTHORIZED_PRINCIPALS", 4, "You may not."),
        ("400 Bad Request", "TTL_TOO_LONG", 4, "You may not."),
        ("409 Conflict", "KEY_NOT_VERIFIED", 4, "You may not."),
        ("503 Service Unavailable", "CA_NOT_CONFIGURED", 5, "You may not."),
    ],
)
def test_a_refusal_says_why(
    machine: Cli, played: Played, status: str, error_type: str, code: int, says: str
):
    played.refuse(status, error_type, "You may not.")

    done = machine.run("cert", "request")

    assert (done.code, done.out, says in done.err) == (code, "", True)
    assert not beside(machine).exists()


def test_what_a_refusal_is_about_is_said(machine: Cli, played: Played):
    error = {
        "type": "UNAUTHORIZED_PRINCIPALS",
        "details": {"denied": ["db", "root"], "max_seconds": 60, "more": None, "deep": {"a": 1}},
    }
    said = {"success": False, "message": "No.", "error": error}
    played.stage.plays["/api/v1/ssh/sign"] = lambda _form: ("403 Forbidden", said)

    done = machine.run("cert", "request")

    assert done.err == "gatehouse: No.\n  denied: db root\n  max_seconds: 60\n"


FORESEEN: dict[str, Any] = {
    "allowed": True,
    "refusals": [],
    "principals": [
        {"name": "web", "included": True, "why_not": None, "direct": True, "departments": ["Ops"]},
        {"name": "db", "included": False, "why_not": "withheld", "withheld_by": ["Data"]},
        {"name": "x", "included": False, "why_not": "not_granted", "departments": []},
    ],
    "ttl_seconds": 3600,
    "limited_by": "department",
    "longest_seconds": 86_400,
    "extensions": [],
    "critical_options": {"source-address": "192.0.2.0/24", "force-command": "ls"},
    "policy": ["Ops"],
    "mfa_max_age": 600,
    "ip": "192.0.2.7",
}


def test_the_longest_that_there_is_can_be_asked_for(machine: Cli, played: Played):
    error = {"type": "TTL_TOO_LONG", "details": {"max_seconds": 28_800}}
    said = {"success": False, "message": "Too long.", "error": error}
    sign = played.stage.plays["/api/v1/ssh/sign"]
    played.stage.plays["/api/v1/ssh/sign"] = lambda form: (
        sign(form) if "clamp" in form["body"] else ("400 Bad Request", said)
    )

    refused = machine.run("cert", "request", "--ttl", "9h")
    clamped = machine.run("cert", "request", "--ttl", "9h", "--clamp")

    assert (refused.code, "8 h at most" in refused.err, "--clamp" in refused.err) == (4, True, True)
    assert (clamped.code, played.asked[-1]["clamp"]) == (0, True)
    assert machine.run("cert", "request", "--clamp").code == 2


@pytest.mark.parametrize(
    ("error_type", "message"),
    [
        ("REAUTHENTICATION_REQUIRED", "POST /api/v1/auth/reauthenticate, then try again."),
        ("STEP_UP_REQUIRED", "The person has to use a second factor: ask for these acr_values."),
        ("MFA_COMPLIANCE_REQUIRED", "Set it up by POST /api/v1/auth/totp/enroll."),
        ("INVALID_TOKEN", "The token is unknown. Sign in again."),
    ],
)
def test_who_has_to_sign_in_hears_one_way(
    machine: Cli, played: Played, error_type: str, message: str
):
    """What programs are told, a person cannot do."""
    status = "401 Unauthorized" if error_type == "INVALID_TOKEN" else "403 Forbidden"
    played.refuse(status, error_type, message)

    done = machine.run("cert", "request")

    assert done.code == (3 if error_type == "INVALID_TOKEN" else 6)
    assert message not in done.err
    ways = done.err.count("gatehouse login") + done.err.count("/security")
    assert ways == (0 if error_type == "INVALID_TOKEN" else 1)


def test_what_would_come_of_it_is_said_in_plain_words(machine: Cli, played: Played):
    """SSH-09, SSH-10."""
    plays = played.stage.plays
    plays["/api/v1/ssh/sign/preview"] = lambda _form: (OK, enveloped(FORESEEN))

    done = machine.run("cert", "request", "--dry-run", "-n", "web")

    assert done.out.splitlines() == [
        "A certificate would be signed.",
        "  with web (given to you alone, Ops)",
        "  without db: policies keep it out of certificates (by Data)",
        "  without x: you do not have it",
        "For 1 h (as departments allow; 1 d at most).",
        "The second factor must have been used within 10 min before.",
        "By the policies of: Ops.",
        "Good from 192.0.2.0/24 alone. The server sees you at 192.0.2.7.",
        "Whatever you run, 'ls' runs in its place.",
    ]
    assert (done.code, played.asked, beside(machine).exists()) == (0, [], False)
    refusal = {"error_type": "WEAK_KEY", "message": "Too short.", "details": {}}
    no = {**FORESEEN, "allowed": False, "refusals": [refusal], "ttl_seconds": None}
    plays["/api/v1/ssh/sign/preview"] = lambda _form: (
        OK,
        enveloped({**no, "critical_options": {}}),
    )
    done = machine.run("cert", "request", "--dry-run")
    assert done.code == 4
    assert done.out.splitlines()[:2] == ["None would be signed:", "  Too short."]
    assert "no terminal" in done.out
    assert machine.run("cert", "request", "--dry-run", "--json").json["refusals"] == [refusal]


def test_which_key_is_meant(machine: Cli, played: Played):
    """The one that is proved, where there are several."""
    other = own_key(machine, "id_rsa")
    first = machine.run("cert", "request", "--json")
    assert first.json["file"] == str(beside(machine))
    unproved = machine.run("cert", "request", "-k", str(other.path))
    assert (unproved.code, f"gatehouse key add {other.path}.pub" in unproved.err) == (1, True)
    played.register(other.public)

    unclear = machine.run("cert", "request", "--force")
    named = machine.run("cert", "request", "-k", str(other.path), "--json")
    by_env = machine.run("cert", "request", "--json", "--force", SSH_KEY_FILE=f"{other.path}.pub")

    assert (unclear.code, "cert request -k" in unclear.err) == (2, True)
    assert named.json["file"] == by_env.json["file"] == f"{other.path}-cert.pub"
    assert machine.run("cert", "show").code == 2
    shown = machine.run("cert", "show", "--json", SSH_KEY_FILE=str(other.path))
    assert shown.json["file"] == f"{other.path}-cert.pub"
    for path in (machine.home / ".ssh").iterdir():
        path.unlink()
    nothing = machine.run("cert", "request")
    assert (nothing.code, "ssh-keygen -t ed25519" in nothing.err) == (1, True)


def test_which_organization_is_meant(machine: Cli, played: Played):
    played.organizations = [*played.organizations, {"id": "2", "slug": "beta", "name": "Beta"}]

    unclear, named = machine.run("cert", "request"), machine.run("cert", "request", "--org", "beta")
    strange = machine.run("cert", "request", "--org", "other")

    assert (unclear.code, "acme | beta" in unclear.err) == (2, True)
    assert (named.code, played.asked[-1]["organization_id"]) == (0, "2")
    assert (strange.code, strange.out) == (4, "")
    assert "You are in acme, beta." in strange.err
    assert "Did you mean beta?" in machine.run("cert", "request", "--org", "beat").err
    played.organizations = []
    assert machine.run("cert", "request").code == 4


def test_what_is_set_up_is_meant_first(machine: Cli, played: Played):
    assert machine.run("ssh", "setup").code == 0
    place = machine.home / ".ssh" / "gatehouse" / "acme-cert.pub"

    done = machine.run("cert", "request", "--force", "--json")

    assert (done.json["file"], beside(machine).exists()) == (str(place), False)
    assert read_certificate(place).principals == ("deploy", "web")
    assert machine.run("cert", "show", "--json").json["file"] == str(place)
    assert machine.run("cert", "check", "--org", "acme").code == 0


def test_certificates_are_listed(machine: Cli, played: Played):
    row = {
        "id": "c-1",
        "serial": 7,
        "state": "valid",
        "principals": ["web", "db"],
        "valid_before": "2026-11-22T20:00:00Z",
    }
    found: list[dict[str, Any]] = [row]
    played.stage.plays["/api/v1/ssh/certificates"] = lambda _form: (
        OK,
        enveloped({"certificates": found, "count": 1}),
    )

    done = machine.run("cert", "list", "--state", "valid", "--org", "acme")

    assert done.out == "7\tvalid\tweb,db\t2026-11-22T20:00:00Z\tc-1\n"
    row["kind"] = "host"
    assert "\tvalid, of a host\t" in machine.run("cert", "list").out
    del row["kind"]
    assert machine.run("cert", "list", "--json").json["certificates"] == [row]
    found.clear()
    assert "gatehouse cert request" in machine.run("cert", "list").err


def test_what_was_revoked_is_not_offered_any_more(machine: Cli, played: Played):
    revoked: list[str] = []
    assert machine.run("cert", "request").code == 0
    mine = read_certificate(beside(machine)).id

    def revoke(form: dict[str, str]) -> tuple[str, Any]:
        revoked.append(form["body"])
        return OK, enveloped({"status": "revoked", "cert_id": mine})

    played.stage.plays[f"/api/v1/ssh/certificates/{mine}/revoke"] = revoke
    done = machine.run("cert", "revoke", "--reason", "Lost", "--json")

    assert (done.json["cert_id"], revoked) == (mine, ['{"reason":"Lost"}'])
    assert not beside(machine).exists()
    assert machine.run("cert", "revoke").code == 1
    assert machine.run("cert", "revoke", CERT_ID=mine).code == 0
    assert machine.run("cert", "revoke", mine, CERT_ID="another").code == 0


@pytest.mark.parametrize("what", ["17", "gh1:acme:u-1:kim%40home@example.com:c-1"])
def test_what_a_machine_has_in_its_log_tells_who_it_was(machine: Cli, played: Played, what: str):
    """SSH-23."""
    row = {
        "key_id": "gh1:acme:u-1:kim%40home@example.com:c-1",
        "principals": ["web"],
        "state": "expired",
        "created_at": "2026-11-22T20:00:00Z",
    }
    found = [row]
    path = f"/api/v1/organizations/{played.organizations[0]['id']}/certificates"
    played.stage.plays[path] = lambda _form: (OK, enveloped({"certificates": found}))

    done = machine.run("cert", "whois", what)

    assert done.out.split("\t")[0] == "u-1:kim@home@example.com"
    assert machine.run("cert", "whois", what, "--json").json == {"certificates": [row]}
    found.clear()
    assert machine.run("cert", "whois", what).code == 1
    assert machine.run("cert", "whois", "kim@example.com").code == 2


def test_a_server_that_is_away_is_said_to_be_so(machine: Cli):
    done = machine.run("cert", "request", GATEHOUSE_SERVER="http://127.0.0.1:1")

    assert (done.code, done.out, "not reached" in done.err) == (5, "", True)
