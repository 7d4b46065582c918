"""Answers of a server that is older or another than this command line: that is said in words."""

from pathlib import Path

import pytest

from tests.cli.authority import ORGANIZATION
from tests.cli.programs import Cli
from tests.cli.stage import ME, OK, Stage, enveloped, staged
from tests.openssh import KeyFile, keygen

pytestmark = pytest.mark.integration
KIM = ME["user"]
LISTED = {"state": "valid", "principals": [], "valid_before": "", "id": "c"}


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
    (tmp_path / ".ssh").mkdir(mode=0o700)
    key = KeyFile(tmp_path / ".ssh" / "id_ed25519")
    keygen("-q", "-t", "ed25519", "-N", "", "-f", key.path)
    with staged() as stage:
        others(stage, key.fingerprint)
        stage.plays[f"/api/v1/{path}"] = lambda _form: (OK, enveloped(told))
        done = Cli(tmp_path, stage.url).run(*command.split(), GATEHOUSE_TOKEN="x")

    assert (done.code, "Traceback" in done.err) == (5, False), done.said
    assert f"{stage.url} does not answer like a Gatehouse" in done.err


def test_an_answer_without_end_is_not_read_to_its_end(tmp_path: Path):
    with staged() as stage:
        told = enveloped({"user": KIM, "organizations": [], "more": "x" * (17 * 1024 * 1024)})
        stage.plays["/api/v1/auth/me"] = lambda _form: (OK, told)
        done = Cli(tmp_path, stage.url).run("whoami", GATEHOUSE_TOKEN="x")

    assert done.code == 5, done.said
    assert f"{stage.url} answers with more than 16 MiB" in done.err
