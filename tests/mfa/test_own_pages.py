"""A page of another origin that asks for passkeys, as the documentation writes it."""

from collections.abc import Iterator

import pytest

from gatehouse.app import create_app
from gatehouse.core.settings import read_settings
from tests.chromium import Browser
from tests.factories import PASSWORD, Factory
from tests.login.test_browser import browser, chrome
from tests.mfa.holders import nothing_to_complain_of
from tests.processes import free_port
from tests.serving import served
from tests.test_docs import ROOT, blocks

__all__ = ["browser", "chrome", "nothing_to_complain_of"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def make(migrated, browser: Browser) -> Iterator[Factory]:
    """Rows of a service whose API a page of another origin calls; the browser is on that page."""
    port, other = free_port(), free_port()
    ours, theirs = f"http://localhost:{port}", f"http://localhost:{other}"
    chosen = {**migrated("sqlite"), "APP_URL": ours, "FLASK_ENV": "testing", "LOG_LEVEL": "error"}
    chosen |= {"CORS_ORIGINS": theirs, "WEBAUTHN_ORIGIN": f"{ours},{theirs}"}
    app = create_app(read_settings(chosen))
    (script,) = blocks(ROOT / "docs" / "second-factors.md", "js")
    page = f"<!doctype html><script>{script.replace('https://id.example.com', ours)}</script>"

    def another_site(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [page.encode()]

    with served(app, port), served(another_site, other) as url:
        browser.go(url)
        yield Factory(app.extensions["gatehouse"])
    app.extensions["gatehouse"].engine.dispose()


def test_the_example_of_the_documentation_does_all_that_it_says(browser, make):
    user = make.user()
    key = browser.authenticator()
    begun = browser.run(f"return signIn('{user.email}', '{PASSWORD}')")

    made = browser.run(f"return addPasskey('{begun['token']}', 'Blue key')")
    assert made["credential"]["name"] == "Blue key"
    assert len(made["backup_codes"]) == 10
    assert len(key.passkeys()) == 1

    alone = browser.run("return signInWithPasskey()")
    after_a_password = browser.run(f"return signIn('{user.email}', '{PASSWORD}')")
    proposed = browser.run("return signInWithPasskey(undefined, {mediation: 'conditional'})")
    sessions = (alone, after_a_password, proposed)
    assert {one["user"]["email"] for one in sessions} == {user.email}
    assert len({one["token"] for one in sessions}) == 3

    confirmed = browser.run(f"return confirmWithPasskey('{begun['token']}')")
    assert (confirmed["acr"], confirmed["amr"]) == ("phr", ["pwd", "hwk", "user", "mfa"])


def test_the_example_tells_why_one_was_refused(browser, make):
    browser.authenticator()
    token = make.session(make.user().id)
    browser.run(f"return addPasskey('{token}')")

    told = browser.run("""
        return call("/auth/webauthn/login/begin", {}).then(answered).then(async answer => {
            await call("/auth/webauthn/login/complete", answer);
            return call("/auth/webauthn/login/complete", answer).catch(error => error.details);
        });
    """)

    assert told == {"reason": "wrong_challenge"}
