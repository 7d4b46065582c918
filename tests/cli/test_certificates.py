"""Certificates on this machine: what is read of them, and whether they are good."""

import os
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from gatehouse_cli.certificates import FOREVER, fingerprint, parsed
from gatehouse_cli.durations import in_words, iso, moment
from tests.cli.authority import HOUR, Authority
from tests.cli.programs import Cli
from tests.openssh import keygen, make_key

pytestmark = pytest.mark.unit

KINDS = {"ed25519": None, "rsa": 3072, "ecdsa256": 256, "ecdsa384": 384, "ecdsa521": 521}
POINT = b"\4" + bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)


def fields(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


# Keys of hardware, which there is none of here: their public halves can be made all the same.
HARDWARE = {
    "sk-ssh-ed25519@openssh.com": (b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),),
    "sk-ecdsa-sha2-nistp256@openssh.com": (b"nistp256", POINT),
}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture(scope="session")
def publics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("publics")
    found = {
        kind: make_key(folder, kind.rstrip("0123456789") if bits else kind, bits).public
        for kind, bits in KINDS.items()
    }
    for name, parts in HARDWARE.items():
        blob = fields(name.encode(), *parts, b"ssh:")
        found[name] = f"{name} {b64encode(blob).decode()}\n"
    return found


def openssh_says(path: Path) -> dict[str, str]:
    lines = (line.strip() for line in keygen("-L", "-f", path).splitlines())
    return {name: said for name, colon, said in (line.partition(": ") for line in lines) if colon}


@pytest.mark.parametrize("kind", [*KINDS, *HARDWARE])
def test_all_types_are_read_as_openssh_reads_them(
    authority: Authority, publics: dict[str, str], tmp_path: Path, kind: str
):
    text = authority.sign(publics[kind], principals=("deploy", "web"), serial=2**64 - 1)
    path = tmp_path / "x-cert.pub"
    path.write_text(text)

    found = parsed(text)

    said = openssh_says(path)
    assert said["Type"] == f"{found.type} user certificate"
    assert said["Public key"].split()[1] == fingerprint(found.key_blob)
    assert said["Signing CA"].split()[1] == fingerprint(found.ca_blob)
    assert (said["Key ID"], said["Serial"]) == (f'"{found.key_id}"', str(found.serial))
    assert found.principals == ("deploy", "web")
    assert found.valid_before - found.valid_after == HOUR + 300
    assert found.key_blob == b64decode(publics[kind].split()[1])
    assert found.key_type == publics[kind].split()[0]


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_whoever_signs_is_read(publics: dict[str, str], tmp_path: Path, kind: str):
    authority = Authority.made(tmp_path / "other", kind)

    found = parsed(authority.sign(publics["ed25519"]))

    assert fingerprint(found.ca_blob) == authority.key.fingerprint


def test_limits_are_read(authority: Authority, publics: dict[str, str]):
    """Threat 225."""
    options = (
        *("clear", "permit-pty", "source-address=10.0.0.0/8,192.0.2.1/32"),
        *("force-command=echo a: b", "extension:hello@example.com=there"),
    )

    found = parsed(authority.sign(publics["ed25519"], options=options))

    limits = {"force-command": "echo a: b", "source-address": "10.0.0.0/8,192.0.2.1/32"}
    assert found.critical_options == limits
    assert found.extensions == {"hello@example.com": "there", "permit-pty": ""}


def test_machines_have_certificates_too(authority: Authority, publics: dict[str, str]):
    text = authority.sign(publics["rsa"], host=True, principals=("a.example",), key_id="x")

    found = parsed(text)

    assert (found.kind, found.extensions, found.organization, found.id) == ("host", {}, "", "")


def test_the_key_id_says_organization_and_certificate(
    authority: Authority, publics: dict[str, str]
):
    found = parsed(authority.sign(publics["ed25519"], key_id="gh1:acme:u:kim%40x@y:c-1"))

    assert (found.organization, found.id) == ("acme", "c-1")


def test_what_is_cut_off_or_changed_is_no_certificate(
    authority: Authority, publics: dict[str, str]
):
    name, base64 = authority.sign(publics["ed25519"]).split()[:2]
    whole = b64decode(base64)

    cut = [whole[:size] for size in range(len(whole))]
    for blob in (*cut, whole + b"\0"):
        with pytest.raises(ValueError):  # noqa: PT011
            parsed(f"{name} {b64encode(blob).decode()}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "ssh-ed25519 AAAA",
        "ssh-ed25519-cert-v01@openssh.com",
        "ssh-ed25519-cert-v01@openssh.com ???",
        "ssh-ed25519-cert-v01@openssh.com AAAA",
        "ssh-dss-cert-v01@openssh.com AAAAHHNzaC1kc3MtY2VydC12MDFAb3BlbnNzaC5jb20=",
        "ssh-rsa-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
        "<html>",
        "\0\0\0",
    ],
)
def test_something_else_is_no_certificate(tmp_path: Path, text: str):
    path = tmp_path / "x-cert.pub"
    path.write_text(text)
    cli = Cli(tmp_path, "")

    shown, checked = cli.run("cert", "show", str(path)), cli.run("cert", "check", str(path))

    assert (shown.code, shown.out, checked.code) == (1, "", 1)
    assert str(path) in shown.err
    assert "Traceback" not in shown.err + checked.err


@pytest.mark.parametrize(
    ("begins", "ends", "within", "code", "state"),
    [
        (-300, HOUR, None, 0, "valid"),
        (-300, HOUR, "15m", 0, "valid"),
        (-300, 600, "15m", 3, "ends_soon"),
        (-300, HOUR, "1h30m", 3, "ends_soon"),
        (-300, HOUR, "2d", 3, "ends_soon"),
        (-600, -300, None, 1, "expired"),
        (-600, -300, "15m", 1, "expired"),
        (300, HOUR, "15m", 1, "not_yet_valid"),
    ],
)
def test_a_certificate_is_checked_by_the_clock(
    authority: Authority,
    publics: dict[str, str],
    tmp_path: Path,
    begins: int,
    ends: int,
    within: str | None,
    code: int,
    state: str,
):
    path = tmp_path / "x-cert.pub"
    path.write_text(authority.sign(publics["ed25519"], begins=begins, ends=ends))
    asked = ("cert", "check", str(path), *(("--within", within) if within else ()))
    cli = Cli(tmp_path, "")

    done, quiet = cli.run(*asked, "--json"), cli.run(*asked, "--quiet")

    assert (done.code, done.json["state"]) == (code, state)
    assert (quiet.code, quiet.said) == (code, "")


def test_nobody_waits_for_what_is_no_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "closed").write_text("x")
    cli = Cli(tmp_path, "")

    for name in ("pipe", "folder", "missing"):
        done = cli.run("cert", "check", str(tmp_path / name))
        assert (done.code, name in done.err, "Traceback" in done.err) == (1, True, False)


def test_a_certificate_is_shown_without_a_server(
    authority: Authority, publics: dict[str, str], tmp_path: Path
):
    """SSH-10: what there is no terminal without is named."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519.pub").write_text(publics["ed25519"])
    path = tmp_path / ".ssh" / "id_ed25519-cert.pub"
    path.write_text(authority.sign(publics["ed25519"], options=("clear",)))
    cli = Cli(tmp_path, "")

    shown, told = cli.run("cert", "show"), cli.run("cert", "show", str(path), "--json")

    assert (shown.code, told.code) == (0, 0)
    facts = dict(line.split("\t", 1) for line in shown.out.splitlines())
    assert facts["Principals"] == "deploy"
    assert facts["Allows"] == "nothing beside commands"
    assert told.json["ca_fingerprint"] == facts["Signed by"] == authority.key.fingerprint
    assert (told.json["state"], told.json["extensions"]) == ("valid", [])


@pytest.mark.parametrize(
    "text", ["", "h", "1", "1w", "-1h", "1h 30m", "0m", "1m1h", "1.5h", "9" * 9]
)
def test_what_is_no_time_is_refused(tmp_path: Path, text: str):
    done = Cli(tmp_path, "").run("cert", "check", "x", "--within", text)

    assert (done.code, "Traceback" in done.err) == (2, False)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3661, "1 h 1 min"),
        (7200, "2 h"),
        (86_400 + 30, "1 d"),
        (200_000, "2 d 7 h"),
    ],
)
def test_how_long_is_said_in_two_units(seconds: float, words: str):
    assert in_words(seconds) == words


def test_there_are_times_that_no_calendar_has():
    assert (moment(FOREVER), moment(2**60), iso(FOREVER)) == ("for ever", "in another age", None)
