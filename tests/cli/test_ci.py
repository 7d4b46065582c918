"""Certificates for jobs by the command line: the token found by itself, and a key for once."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from tests.cli.authority import Authority
from tests.cli.programs import Cli, Done
from tests.cli.stage import enveloped, staged
from tests.conftest import client_of
from tests.factories import Factory
from tests.openssh import keygen, make_key, ssh_add, ssh_agent
from tests.ssh_workloads.issuers import Issuer, issuing
from tests.ssh_workloads.jobs import Yard

pytestmark = pytest.mark.integration
ASKING = "/token?runner=7"
SIGN = "/api/v1/ssh/workloads/sign"


@pytest.fixture(scope="session")
def beside(settings: dict[str, str]) -> Iterator[Flask]:
    """An app on the server's database."""
    app = create_app(read_settings(settings))
    yield app
    app.extensions["gatehouse"].engine.dispose()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture
def yard(beside: Flask, make: Factory, issuer: Issuer, cli: Cli) -> Yard:
    yard = Yard(client_of(beside), make, issuer)
    yard.added(audience=cli.server)
    return yard


def sign(cli: Cli, yard: Yard, *arguments: str, **env: str) -> Done:
    return cli.run("ci", "sign", "--org", str(yard.org.slug), *arguments, **env)


def in_github(issuer: Issuer, cli: Cli) -> dict[str, str]:
    """The environment of a job of GitHub's or Forgejo's, which asks for the server's audience."""
    audience = cli.server.replace(":", "%3A").replace("/", "%2F")
    told = json.dumps({"value": issuer.token(aud=cli.server)}).encode()
    issuer.says[f"{ASKING}&audience={audience}"] = (200, {}, told)
    return {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.base}{ASKING}&audience=other",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }


def test_a_job_of_github_or_forgejo_gets_a_certificate(cli: Cli, yard: Yard, issuer: Issuer):
    """SSH-36."""
    done = sign(cli, yard, **in_github(issuer, cli))

    assert done.code == 0, done.said
    assert issuer.shown[0] == "Bearer of-the-runner"
    key = Path(done.out.strip())
    folder = key.parent
    assert folder.parent == cli.secrets
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, key)]
    assert modes == [0o700, 0o600]
    told = keygen("-L", "-f", f"{key}-cert.pub")
    assert ":wl:" in told
    assert "deploy" in told
    assert keygen("-y", "-f", key).split()[1] in Path(f"{key}.pub").read_text()


def test_a_job_of_gitlab_has_its_token_in_the_environment(cli: Cli, yard: Yard, issuer: Issuer):
    token = issuer.token(aud=cli.server)
    done = sign(cli, yard, "--json", GATEHOUSE_ID_TOKEN=token)
    assert done.code == 0, done.said
    assert done.json["principals"] == ["deploy"]
    assert token not in done.said
    again = sign(cli, yard, "--json", GATEHOUSE_ID_TOKEN=token)
    assert (again.code, "already" in again.err) == (4, True)


def test_any_variable_folder_and_rule_can_be_named(
    cli: Cli, yard: Yard, issuer: Issuer, tmp_path: Path
):
    other = yard.added(name="Other", audience="x", principals=["web"])
    arguments = ("--token-env", "JOB", "--rule", other["id"], "--folder", str(tmp_path / "a" / "b"))
    done = sign(cli, yard, *arguments, JOB=issuer.token(aud="x"), GATEHOUSE_ID_TOKEN="junk")
    assert done.code == 0, done.said
    assert Path(done.out.strip()) == tmp_path / "a" / "b" / "id_ed25519"
    arguments = (*arguments[:-1], str(tmp_path / "c"))
    done = sign(cli, yard, *arguments, "--json", JOB=issuer.token(aud="x"))
    place = str(tmp_path / "c" / "id_ed25519")
    assert (done.json["key"], done.json["file"]) == (place, f"{place}-cert.pub")
    again = sign(cli, yard, *arguments, JOB=issuer.token(aud="x"))
    assert (again.code, "not made" in again.err) == (1, True)


def test_keys_of_jobs_that_are_over_go_with_the_next_job(
    cli: Cli, yard: Yard, issuer: Issuer, tmp_path: Path
):
    """On a runner that stays. Those of jobs that go on beside it do not."""
    authority = Authority.made(tmp_path / "ca")
    times = {"job-over": -60, "job-on": 600, "job-begun": None}
    for name, ends in times.items():
        (cli.secrets / name).mkdir(parents=True)
        pair = make_key(cli.secrets / name)
        if ends is not None:
            text = authority.sign(pair.public, begins=-900, ends=ends)
            (cli.secrets / name / "id_ed25519-cert.pub").write_text(text)

    done = sign(cli, yard, GATEHOUSE_ID_TOKEN=issuer.token(aud=cli.server))

    assert done.code == 0, done.said
    mine = Path(done.out.strip()).parent.name
    assert {path.name for path in cli.secrets.glob("job-*")} == {"job-on", "job-begun", mine}


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    with ssh_agent(tmp_path / "agent") as named:
        yield named


def test_with_an_agent_no_file_is_left(cli: Cli, yard: Yard, issuer: Issuer, agent):
    """SSH-30: with a lifetime."""
    token = issuer.token(aud=cli.server)
    done = sign(cli, yard, "--agent", "--json", GATEHOUSE_ID_TOKEN=token, **agent)
    assert done.code == 0, done.said
    assert (done.json["key"], done.json["file"]) == (None, None)
    assert list(cli.secrets.glob("job-*")) == []
    listed = ssh_add(agent, "-l")
    assert "(ED25519-CERT)" in listed
    assert "(ED25519)" in listed


def test_what_is_refused_leaves_nothing(cli: Cli, yard: Yard, issuer: Issuer):
    bad = sign(cli, yard, GATEHOUSE_ID_TOKEN=issuer.token(aud="other"))
    assert (bad.code, "No rule of this organization takes this token" in bad.err) == (4, True)
    other = sign(cli, yard, GATEHOUSE_ID_TOKEN=issuer.token(aud=cli.server, sub="x"))
    assert other.code == 4
    no_agent = sign(
        cli, yard, "--agent", GATEHOUSE_ID_TOKEN=issuer.token(aud=cli.server), SSH_AUTH_SOCK=""
    )
    assert no_agent.code == 1
    assert list(cli.secrets.glob("job-*")) == []


@pytest.mark.parametrize(
    ("arguments", "env", "code", "says"),
    [
        (("--org", "acme"), {}, 1, "id-token: write"),
        ((), {"GATEHOUSE_ID_TOKEN": "x"}, 2, "--org"),
        (("--org", "acme", "--token-env", "NOT_THERE"), {}, 2, "NOT_THERE"),
        (("--org", "acme"), {"GATEHOUSE_ID_TOKEN": "a b"}, 2, "no token"),
        (("--org", "acme", "--agent", "--folder", "x"), {"GATEHOUSE_ID_TOKEN": "x"}, 2, "--agent"),
        (
            ("--org", "acme"),
            {
                "ACTIONS_ID_TOKEN_REQUEST_URL": "http://runner.example.com/",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
            },
            2,
            "unprotected",
        ),
    ],
)
def test_what_cannot_work_is_said(cli: Cli, arguments, env, code: int, says: str):
    done = cli.run("ci", "sign", *arguments, **env)
    assert (done.code, says in done.err) == (code, True), done.said


def test_a_runner_that_gives_none_is_told(cli: Cli, yard: Yard, issuer: Issuer):
    env = in_github(issuer, cli)
    issuer.says.clear()
    done = sign(cli, yard, **env)
    assert (done.code, "gave no token: HTTP 404" in done.err) == (1, True), done.said


def test_a_certificate_for_another_key_is_not_kept(cli: Cli, yard: Yard, issuer: Issuer):
    """SSH-12: by a server that lies."""
    other = yard.signed(issuer.token(aud=cli.server))
    with staged() as stage:
        stage.plays[SIGN] = lambda _form: ("201 Created", enveloped(other))
        done = sign(cli, yard, GATEHOUSE_ID_TOKEN="x", GATEHOUSE_SERVER=stage.url)
    assert (done.code, "not kept" in done.err) == (5, True), done.said
    assert list(cli.secrets.glob("job-*")) == []


def test_a_server_that_is_busy_is_asked_again(cli: Cli, yard: Yard, issuer: Issuer):
    token = issuer.token(aud=cli.server)
    with staged() as stage:
        stage.plays[SIGN] = lambda _form: ("503 Service Unavailable", {"message": "busy"})
        done = sign(cli, yard, GATEHOUSE_ID_TOKEN=token, GATEHOUSE_SERVER=stage.url)
        assert (done.code, stage.count(SIGN)) == (5, 4)
