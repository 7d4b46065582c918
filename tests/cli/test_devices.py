"""Signing in with a code that is typed on another device (RFC 8628, SSH-32)."""

from datetime import timedelta
from socket import gethostname

import pytest

from gatehouse.accounts.models import User
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.models import DeviceRequest
from gatehouse.sessions.rules import device_in_words
from tests.cli.programs import Cli, Running
from tests.cli.stage import BAD, OK, Stage, staged
from tests.counterparts.visitor import Visitor
from tests.factories import Factory

pytestmark = pytest.mark.integration


def answer(cli: Cli, user: User, running: Running, answer: str = "allow") -> str:
    """What a person does who reads the address and the code off the screen. Gives the code."""
    url, code = running.address(), running.code()
    with Visitor(cli.server, user.email, answer=answer) as visitor:
        visitor.go_through(url, user_code=code)
    return code


@pytest.mark.parametrize(
    "env",
    [
        {"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22", "DISPLAY": ":0"},
        {"SSH_TTY": "/dev/pts/1", "BROWSER": "true %s"},
    ],
)
def test_who_came_over_ssh_sees_no_browser_of_this_machine(cli: Cli, env: dict[str, str]):
    with cli.start("login", **env) as running:
        assert running.address() == f"{cli.server}/device"


def test_where_there_is_no_browser_a_code_is_typed_elsewhere(cli: Cli, user: User):
    with cli.start("login", "--json") as running:
        code = answer(cli, user, running)
        done = running.ended()

    assert done.code == 0, done.said
    assert done.json["user"]["email"] == user.email
    assert f"and type the code: {code}" in done.err
    assert cli.run("whoami").code == 0


@pytest.mark.slow
def test_whoever_says_no_keeps_it_out(cli: Cli, user: User):
    with cli.start("login", "--device", BROWSER="true %s") as running:
        answer(cli, user, running, "deny")
        done = running.ended()

    assert (done.code, done.out) == (4, "")
    assert "said no" in done.err


@pytest.mark.slow
def test_a_code_that_nobody_typed_in_time_is_over(cli: Cli, runtime: Runtime):
    with cli.start("login", "--device") as running:
        running.address()
        code = running.code().replace("-", "")
        with unit_of_work(runtime, Origin()) as ctx:
            row = ctx.db.query(DeviceRequest).filter_by(user_code=code).one()
            row.expires_at -= timedelta(hours=1)
            device = row.user_agent or ""
        done = running.ended()

    assert (done.code, done.out) == (1, "")
    assert "Nobody typed the code in time" in done.err
    words = device_in_words(device)
    assert words.startswith("Gatehouse command line on ")
    assert words.endswith(f", {gethostname()}")


@pytest.mark.slow
def test_an_organization_is_looked_at_after_a_code_too(cli: Cli, user: User, make: Factory):
    with cli.start("login", "--device", "--org", make.organization().slug) as running:
        answer(cli, user, running)
        done = running.ended()

    assert (done.code, list(cli.secrets.glob("*.json"))) == (4, [])


TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 600, "token_type": "Bearer"}


def device_of(stage: Stage, *answers: tuple[str, object], **told: object) -> None:
    said = {
        "device_code": "dc",
        "user_code": "WDJB-MJHT",
        "verification_uri": f"{stage.url}/device",
        "expires_in": 60,
        "interval": 0.1,
        **told,
    }
    left = list(answers)
    stage.plays["/device_authorization"] = lambda _form: (OK, said)
    stage.plays["/token"] = lambda _form: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.slow
def test_it_waits_longer_when_it_is_told_to(cli: Cli):
    """RFC 8628 3.5: five seconds more for slow_down; an answer that gets lost is asked for anew."""
    with staged() as stage:
        pending = (BAD, {"error": "authorization_pending"})
        device_of(stage, pending, (BAD, {"error": "slow_down"}), (OK, TOKENS))
        with cli.start("login", "--device", GATEHOUSE_SERVER=stage.url) as running:
            running.address()
            done = running.ended()

    assert done.code == 0, done.said
    assert stage.count("/token") == 3


def test_a_link_that_has_the_code_shows_it_to_be_compared(cli: Cli):
    """RFC 8628 3.3.1."""
    with staged() as stage:
        page = f"{stage.url}/device?user_code=WDJB-MJHT"
        device_of(stage, (OK, TOKENS), verification_uri_complete=page)
        with cli.start("login", "--device", GATEHOUSE_SERVER=stage.url) as running:
            assert running.address() == page
            done = running.ended()

    assert done.code == 0, done.said
    assert "This code has to stand there: WDJB-MJHT" in done.err
    assert "type the code" not in done.err


@pytest.mark.parametrize(
    ("told", "answered", "code"),
    [
        ({}, {"error": "expired_token"}, 1),
        ({"expires_in": 0.3}, {"error": "authorization_pending"}, 1),
        ({}, {"error": "access_denied"}, 4),
        ({}, {"error": "invalid_grant"}, 4),
        ({"user_code": None, "expires_in": "soon"}, {}, 5),
        ({"verification_uri": "https://evil.example/device"}, {}, 5),
        ({"verification_uri": "http://evil.example/device"}, {}, 2),
    ],
)
def test_every_other_answer_ends_it(
    cli: Cli, told: dict[str, object], answered: dict[str, str], code: int
):
    with staged() as stage:
        device_of(stage, (BAD, answered), **told)
        done = cli.run("login", "--device", GATEHOUSE_SERVER=stage.url)

    assert (done.code, done.out) == (code, ""), done.said
    assert "Traceback" not in done.err
