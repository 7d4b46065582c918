"""Answers of a server that is older or another than this command line: that is said in words."""

import re
from pathlib import Path

import pytest

from tests.cli.authority import ORGANIZATION
from tests.cli.programs import Cli, Done
from tests.cli.stage import ME, OK, WELL_KNOWN, Stage, enveloped, staged
from tests.openssh import KeyFile, keygen

pytestmark = pytest.mark.integration
KIM = ME["user"]
LISTED = {"state": "valid", "principals": [], "valid_before": "", "id": "c"}
KEY = {"id": "k", "name": "A key", "fingerprint": "x", "verified": True, "state": "verified"}
KEY |= {"key_type": "ssh-ed25519", "created_at": "2026-01-01T00:00:00Z"}
CERTIFICATE = {**LISTED, "serial": 7, "key_id": "gh1:acme:kim:kim@example.com:c"}
PLACE = {"name": "web", "included": False, "why_not": "not_granted"}
FORESEEN = {"allowed": True, "refusals": [], "principals": [PLACE]}


def others(stage: Stage, key: str) -> None:
    """All else is as it should be."""
    row = {"id": "k", "name": "A key", "fingerprint": key, "verified": True}
    me = enveloped({"user": KIM, "organizations": [ORGANIZATION]})
    stage.plays["/api/v1/auth/me"] = lambda _form: (OK, me)
    stage.plays["/api/v1/ssh/keys"] = lambda _form: (OK, enveloped({"keys": [row]}))


@pytest.mark.parametrize(
    ("command", "path", "told"),
    [
        ("whoami", "auth/me", {}),
        ("whoami", "auth/me", []),
        ("whoami", "auth/me", None),
        ("whoami", "auth/me", "hello"),
        ("whoami", "auth/me", {"user": {}, "organizations": []}),
        ("whoami", "auth/me", {"user": KIM}),
        ("whoami", "auth/me", {"user": KIM, "organizations": [{}]}),
        ("key list", "ssh/keys", {}),
        ("key list", "ssh/keys", {"keys": [{"name": "A key"}]}),
        ("key add", "ssh/keys", {}),
        ("cert list", "ssh/certificates", {"certificates": [LISTED]}),
        ("cert request", "ssh/keys", {"keys": [{}]}),
        ("cert request --dry-run", "ssh/sign/preview", {}),
        ("cert request --dry-run", "ssh/sign/preview", {"allowed": False, "refusals": [{}]}),
        ("ssh setup --host a.example", "auth/me", {"organizations": [{"slug": "acme"}]}),
    ],
)
def test_what_lacks_something_is_of_another_server(
    tmp_path: Path, command: str, path: str, told: object
):
    done = told_otherwise(tmp_path, command, path, told)

    assert (done.code, "Traceback" in done.err) == (5, False), done.said
    assert re.search(r"http://localhost:\d+ does not answer like a Gatehouse", done.err)


def whoever(**changes: object) -> dict[str, object]:
    return {"user": KIM, "organizations": [ORGANIZATION], **changes}


@pytest.mark.parametrize("command", ["whoami", "key list", "cert list", "cert request --dry-run"])
@pytest.mark.parametrize("wrong", [None, 5, True, "x", {"a": 1}, ["x"], [5], [None]])
def test_a_list_that_is_none_is_of_another_server(tmp_path: Path, command: str, wrong: object):
    paths = {
        "whoami": ("auth/me", "organizations"),
        "key list": ("ssh/keys", "keys"),
        "cert list": ("ssh/certificates", "certificates"),
        "cert request --dry-run": ("ssh/sign/preview", "principals"),
    }
    path, name = paths[command]
    done = told_otherwise(tmp_path, command, path, {**whoever(), **FORESEEN, name: wrong})

    assert (done.code, "Traceback" in done.err) == (5, False), done.said
    assert f"(Its {name} is something else.)" in done.err


@pytest.mark.parametrize(
    ("command", "path", "told", "name"),
    [
        ("whoami", "auth/me", whoever(user="Kim"), "user"),
        ("whoami", "auth/me", whoever(user={"email": 5}), "email"),
        ("whoami", "auth/me", whoever(user={**KIM, "full_name": ["Kim"]}), "full_name"),
        ("key list", "ssh/keys", {"keys": [{**KEY, "created_at": 5}]}, "created_at"),
        ("key rm --yes A", "ssh/keys", {"keys": [{**KEY, "fingerprint": None}]}, "fingerprint"),
        ("key add", "ssh/keys", {**KEY, "verified": "yes"}, "verified"),
        ("key add", "ssh/keys", {**KEY, "verified": False, "challenge": "x"}, "challenge"),
        ("cert list", "ssh/certificates", {"certificates": [{**CERTIFICATE, "id": 5}]}, "id"),
        (
            *("cert list", "ssh/certificates"),
            *({"certificates": [{**CERTIFICATE, "principals": [{"name": "web"}]}]}, "principals"),
        ),
        ("cert request", "ssh/sign", {"certificate": ["x"]}, "certificate"),
        (
            *("cert request --dry-run", "ssh/sign/preview"),
            *({**FORESEEN, "ttl_seconds": "1 h"}, "ttl_seconds"),
        ),
        (
            *("cert request --dry-run", "ssh/sign/preview"),
            *({**FORESEEN, "critical_options": "x"}, "critical_options"),
        ),
        ("ssh setup --host a.example", "auth/me", whoever(organizations=[{"slug": 5}]), "slug"),
    ],
)
def test_what_is_something_else_is_of_another_server(
    tmp_path: Path, command: str, path: str, told: object, name: str
):
    done = told_otherwise(tmp_path, command, path, told)

    assert (done.code, "Traceback" in done.err) == (5, False), done.said
    assert f"does not answer like a Gatehouse. Is the address right? (Its {name} is" in done.err


def test_what_nobody_reads_is_shown_as_it_came(tmp_path: Path):
    told = {"keys": [{**KEY, "new": {"a": [None]}, "name": 5}], "count": "many"}

    done = told_otherwise(tmp_path, "key list --json", "ssh/keys", told)

    assert (done.code, done.json) == (0, told), done.said


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": 5},
        {"token_endpoint": 5},
        {"token_endpoint": {"a": 1}},
        {"protected_resources": ["http://["]},
        {"protected_resources": [{}]},
    ],
)
def test_who_describes_themselves_otherwise_is_no_server(tmp_path: Path, told: dict[str, object]):
    with staged() as stage:
        stage.plays[WELL_KNOWN] = lambda _form: (OK, {**stage.metadata, **told})
        done = Cli(tmp_path, stage.url).run("login", "--device")

    assert (done.code, "Traceback" in done.err) == (5, False), done.said


def test_an_answer_that_goes_too_deep_is_none(tmp_path: Path):
    done = told_otherwise(tmp_path, "whoami", "auth/me", None, whole="[" * 100_000)

    assert (done.code, "Traceback" in done.err) == (5, False), done.said


def told_otherwise(home: Path, command: str, path: str, told: object, whole: str = "") -> Done:
    (home / ".ssh").mkdir(mode=0o700)
    key = KeyFile(home / ".ssh" / "id_ed25519")
    keygen("-q", "-t", "ed25519", "-N", "", "-f", key.path)
    with staged() as stage:
        others(stage, key.fingerprint)
        stage.plays[f"/api/v1/{path}"] = lambda _form: (OK, whole or enveloped(told))
        return Cli(home, stage.url).run(*command.split(), GATEHOUSE_TOKEN="x")


def test_an_answer_without_end_is_not_read_to_its_end(tmp_path: Path):
    with staged() as stage:
        told = enveloped({"user": KIM, "organizations": [], "more": "x" * (17 * 1024 * 1024)})
        stage.plays["/api/v1/auth/me"] = lambda _form: (OK, told)
        done = Cli(tmp_path, stage.url).run("whoami", GATEHOUSE_TOKEN="x")

    assert done.code == 5, done.said
    assert f"{stage.url} answers with more than 16 MiB" in done.err
