"""Signing in to the command line by a real Chromium, which asks for more than it is told to."""

import os

import pytest

from gatehouse.accounts.models import User
from tests.cli.programs import Cli
from tests.factories import PASSWORD
from tests.login.test_browser import MISSING, browser, chrome, plain, says

__all__ = ["browser", "chrome", "plain"]

pytestmark = [pytest.mark.integration, pytest.mark.slow]
if MISSING and not os.environ.get("CI"):
    pytest.skip(f"{MISSING} not found", allow_module_level=True)


@pytest.mark.parametrize("kind", ["browser", "plain"])
def test_a_browser_signs_in_to_a_terminal(
    request: pytest.FixtureRequest, cli: Cli, user: User, kind: str
):
    page = request.getfixturevalue(kind)
    with cli.start("login", BROWSER="true %s") as running:
        page.go(running.address())
        page.fill(email=user.email, password=PASSWORD)
        page.click("main form button")
        assert says(page, "command line", "h1")
        page.click("button.main")
        assert says(page, "Nearly done", "h1")
        assert page.url.startswith("http://127.0.0.1:")
        done = running.ended()

    assert done.code == 0, done.said
    assert page.console() == []
    assert user.email in cli.run("whoami").out
