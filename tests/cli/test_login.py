"""Signing in by a browser that leads back to a loopback port, or by what is pasted (threat 223)."""

import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil
import pytest
import requests

from gatehouse.accounts.models import User
from gatehouse.core.runtime import Runtime
from gatehouse_cli.oauth import Provider
from tests.cli.programs import Cli
from tests.cli.stage import OK, WELL_KNOWN, staged
from tests.counterparts.visitor import Visitor
from tests.factories import Factory
from tests.mfa.owners import give_app

pytestmark = pytest.mark.integration
WITH_BROWSER = {"BROWSER": "true %s"}


def said_in(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def secrets_of(cli: Cli) -> list[str]:
    return [cli.kept["access_token"], cli.kept["refresh_token"]]


def test_somebody_signs_in_uses_it_and_signs_out(cli: Cli, user: User):
    done = cli.sign_in(user.email)
    assert done.code == 0, done.said
    assert done.out == f"Signed in at {cli.server} as Kim Marlowe <{user.email}>.\n"
    headers = {"Authorization": f"Bearer {cli.kept['access_token']}"}

    assert cli.run("whoami").out == f"Kim Marlowe <{user.email}> at {cli.server}\n"
    kept = secrets_of(cli)
    out = cli.run("logout")

    assert (out.code, out.out) == (0, "")
    assert "Signed out" in out.err
    assert list(cli.secrets.glob("*.json")) == []
    me = f"{cli.server}/api/v1/auth/me"
    assert requests.get(me, headers=headers, timeout=10).status_code == 401
    assert cli.run("whoami").code == 3
    again = cli.run("logout")
    assert (again.code, "not signed in" in again.err) == (0, True)
    told = cli.run("logout", "--json")
    assert (told.json, told.err) == ({"server": cli.server, "status": "not_signed_in"}, "")
    assert cli.sign_in(user.email).code == 0
    assert cli.run("logout", "--json").json["status"] == "signed_out"
    assert not any(secret in text for secret in kept for text in (done.said, out.said))


def test_the_request_is_one_of_a_native_application(cli: Cli):
    """RFC 8252 7.3, RFC 7636 4.3, RFC 8707: by S256, with a state, at a port that is free."""
    with cli.start("login", **WITH_BROWSER) as first, cli.start("login", **WITH_BROWSER) as second:
        asked, other = said_in(first.address()), said_in(second.address())

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", asked["redirect_uri"])
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["resource"] == f"{cli.server}/api/v1"
    assert len(asked["state"]) >= 32
    changes = ("redirect_uri", "state", "code_challenge")
    assert [name for name in changes if asked[name] == other[name]] == []


def test_what_is_not_the_answer_does_not_end_the_sign_in(cli: Cli, user: User):
    """SSH-33: a browser that asks for its icon, a scanner, a page of somebody else's."""
    with cli.start("login", **WITH_BROWSER) as running:
        url = running.address()
        asked = said_in(url)
        port = urlsplit(asked["redirect_uri"]).port
        here, state = f"http://127.0.0.1:{port}", asked["state"]
        strays = {
            "/favicon.ico": 404,
            "/": 404,
            "/callback": 400,
            "/callback?code=stolen": 400,
            "/callback?code=stolen&state=": 400,
            f"/callback?code=stolen&state={state}x": 400,
            f"/callback?code=one&code=two&state={state}": 400,
            f"/callback?state={state}": 400,
            f"/elsewhere?code=stolen&state={state}": 404,
        }
        found = {path: requests.get(here + path, timeout=10).status_code for path in strays}
        rebound = requests.get(
            f"{here}/callback?code=1&state={state}", headers={"Host": "evil.example"}, timeout=10
        )
        posted = requests.post(f"{here}/callback?code=1&state={state}", timeout=10)
        assert found == strays
        assert (rebound.status_code, posted.status_code) == (404, 501)
        with Visitor(cli.server, user.email) as visitor:
            back = visitor.go_through(url)
        page = requests.get(back, timeout=10)
        done = running.ended()

    assert done.code == 0, done.said
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert said_in(back)["code"] not in page.text + done.said


def test_only_this_machine_reaches_the_port(cli: Cli):
    with cli.start("login", **WITH_BROWSER) as running:
        port = urlsplit(said_in(running.address())["redirect_uri"]).port
        held = psutil.Process(running.process.pid).net_connections()

    assert [(one.laddr.ip, one.laddr.port) for one in held if one.status == "LISTEN"] == [
        ("127.0.0.1", port)
    ]


def test_nothing_secret_is_among_the_arguments_of_a_process(cli: Cli, user: User):
    cli.forks = False
    with cli.start("login", **WITH_BROWSER) as running:
        url = running.address()
        arguments = psutil.Process(running.process.pid).cmdline()
        with Visitor(cli.server, user.email) as visitor:
            requests.get(visitor.go_through(url), timeout=10)
        assert running.ended().code == 0

    assert arguments[-1] == "login"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"error": "access_denied", "error_description": "Said no."}, "Said no."),
        ({"code": "stolen", "iss": "https://evil.example"}, "Another server"),
        ({"code": "made up"}, "code"),
    ],
)
def test_a_sign_in_that_fails_says_why(cli: Cli, answer: dict[str, str], says: str):
    """RFC 9207 2.4, RFC 6749 4.1.2.1."""
    with cli.start("login", **WITH_BROWSER) as running:
        asked = said_in(running.address())
        query = {"iss": cli.server, "state": asked["state"], **answer}
        requests.get(f"{asked['redirect_uri']}?{urlencode(query)}", timeout=10)
        done = running.ended()

    assert done.code in (1, 4)
    assert says in done.err
    assert (done.out, list(cli.secrets.glob("*.json"))) == ("", [])


def test_whoever_says_no_is_not_signed_in(cli: Cli, user: User):
    with cli.start("login", **WITH_BROWSER) as running:
        url = running.address()
        with Visitor(cli.server, user.email, answer="deny") as visitor:
            back = visitor.go_through(url)
        page = requests.get(back, timeout=10)
        done = running.ended()

    assert said_in(back)["error"] == "access_denied"
    assert "Not signed in" in page.text
    assert (done.code, done.out) == (4, "")


@pytest.mark.parametrize("what", ["address", "code"])
def test_what_a_browser_elsewhere_ends_at_can_be_pasted(cli: Cli, user: User, what: str):
    with cli.start("login", "--no-browser") as running:
        url = running.address()
        with Visitor(cli.server, user.email) as visitor:
            back = visitor.go_through(url)
        with pytest.raises(requests.ConnectionError):
            requests.get(back, timeout=10)
        done = running.ended(f"{back if what == 'address' else said_in(back)['code']}\n")

    assert done.code == 0, done.said
    assert cli.run("whoami").code == 0


@pytest.mark.parametrize(
    "text", ["", "http://127.0.0.1:1/callback?code=a&state=b", "http://[", "junk", "code=a"]
)
def test_what_is_pasted_and_no_answer_signs_nobody_in(cli: Cli, text: str):
    done = cli.run("login", "--no-browser", given=f"{text}\n")

    assert (done.code in (1, 4), done.out) == (True, ""), done.said
    assert "Traceback" not in done.err


def test_an_organization_that_is_named_is_one_of_the_persons(cli: Cli, make: Factory, user: User):
    org, other = make.organization(), make.organization()
    make.member(org, user=user)

    done = cli.sign_in(user.email, "--org", org.slug, "--json")

    assert done.code == 0, done.said
    assert [one["slug"] for one in done.json["organizations"]] == [org.slug]
    (config,) = (cli.home / "config").rglob("config.json")
    (profile,) = json.loads(config.read_text())["profiles"].values()
    assert profile["organization"] == org.slug
    refused = cli.sign_in(user.email, "--org", other.slug)
    assert (refused.code, refused.out) == (4, "")


def test_the_sign_in_before_ends_with_the_next(signed_in: Cli, user: User):
    before = signed_in.kept

    assert signed_in.sign_in(user.email).code == 0

    signed_in.keep(expires_at=0)
    assert signed_in.run("whoami").code == 0
    headers = {"Authorization": f"Bearer {before['access_token']}"}
    me = f"{signed_in.server}/api/v1/auth/me"
    assert requests.get(me, headers=headers, timeout=10).status_code == 401


def test_a_second_factor_is_asked_for_where_it_is_wanted(cli: Cli, user: User, runtime: Runtime):
    """Exit code 6 says so."""
    weak = cli.sign_in(user.email)
    assert weak.code == 0
    codes = give_app(runtime, user.id)

    with cli.start("login", "--step-up", BROWSER="true %s") as running:
        url = running.address()
        assert (said_in(url)["acr_values"], said_in(url)["max_age"]) == ("mfa", "600")
        with Visitor(cli.server, user.email) as visitor:
            requests.get(visitor.go_through(url, code=codes.now()), timeout=10)
        done = running.ended()

    assert done.code == 0, done.said
    with cli.start("login", "--step-up", SSH_CONNECTION="1 2 3 4", BROWSER="true %s") as running:
        assert said_in(running.address())["acr_values"] == "mfa"


def test_a_stronger_sign_in_is_for_the_same_organization(
    cli: Cli, make: Factory, user: User, runtime: Runtime
):
    """What exit code 6 asks for changes nothing else."""
    org, other = make.organization(), make.organization()
    for one in (org, other):
        make.member(one, user=user)
    assert cli.sign_in(user.email, "--org", org.slug).code == 0
    codes = give_app(runtime, user.id)

    with cli.start("login", "--step-up", BROWSER="true %s") as running:
        url = running.address()
        with Visitor(cli.server, user.email) as visitor:
            requests.get(visitor.go_through(url, code=codes.now()), timeout=10)
        assert running.ended().code == 0

    (config,) = (cli.home / "config").rglob("config.json")
    (profile,) = json.loads(config.read_text())["profiles"].values()
    assert profile["organization"] == org.slug


def test_an_api_at_another_place_goes_by_the_same_issuer(cli: Cli):
    """RFC 9728 4. Else keys would be proved to somebody else's server (check_challenge)."""
    with staged() as stage, staged() as other:
        named = {**stage.metadata, "protected_resources": [f"{other.url}/api/v1"]}
        stage.plays[WELL_KNOWN] = lambda _form: (OK, named)

        done = cli.run("login", BROWSER="true %s", GATEHOUSE_SERVER=stage.url)

        assert (done.code, done.out, f"{other.url}/api/v1" in done.err) == (5, "", True)
        other.plays[WELL_KNOWN] = lambda _form: (OK, named)
        assert Provider.at(stage.url).api == f"{other.url}/api/v1"


def test_several_servers_are_several_profiles(cli: Cli, make: Factory, user: User):
    other = make.user()
    assert cli.sign_in(user.email).code == 0
    assert cli.sign_in(other.email, "--profile", "work").code == 0

    cli.env["GATEHOUSE_SERVER"] = ""
    found = {
        arguments: cli.run("whoami", "--json", *arguments).json["user"]["email"]
        for arguments in (
            (),
            ("--profile", "work"),
            ("--profile", f"localhost-{urlsplit(cli.server).port}"),
            ("--server", cli.server),
        )
    }

    assert list(found.values()) == [other.email, other.email, user.email, user.email]
    assert cli.run("whoami", "--profile", "none").code == 2
    elsewhere = {"GATEHOUSE_SERVER": "https://id.example.com"}
    assert cli.run("whoami", "--profile", "work", **elsewhere).code == 0
    assert cli.run("whoami", **elsewhere).code == 3
    named = cli.run("whoami", "--json", GATEHOUSE_PROFILE="work").json
    assert named["user"]["email"] == other.email
    assert cli.run("logout", "--profile", "work").code == 0
    assert cli.run("whoami", "--server", cli.server).code == 0


def test_what_a_browser_says_is_no_result(cli: Cli, user: User):
    with cli.start("login", "--json", BROWSER="echo %s") as running:
        url = running.address()
        with Visitor(cli.server, user.email) as visitor:
            requests.get(visitor.go_through(url), timeout=10)
        done = running.ended()

    assert done.json["user"]["email"] == user.email
    assert done.err.count(url) == 2
