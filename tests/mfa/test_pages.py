"""Signing in with a second factor, by forms and without a script."""

import re
from datetime import timedelta

from pyotp import TOTP
from sqlalchemy import update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.sessions.models import Session
from tests.conftest import client_of
from tests.factories import PASSWORD
from tests.mfa.owners import Owner

OURS = {"Origin": "http://localhost:5000"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Visitor:
    """A browser that fills in forms."""

    def __init__(self, owner: Owner, address: str) -> None:
        self.owner = owner
        self.http = client_of(owner.http.application, address)

    def send(self, path: str, **fields: str):
        return self.post_from(path, path.partition("?")[0], **fields)

    def post_from(self, path: str, to: str, **fields: str):
        """Send a form of a page to where it leads."""
        hidden = dict(HIDDEN.findall(self.http.get(path).text))
        return self.http.post(to, data={**hidden, **fields}, headers=OURS)

    def begin(self, path: str = "/login") -> str:
        """Prove the password. Returns the path of the page that asks for a code."""
        reply = self.send(path, email=self.owner.user.email, password=PASSWORD)
        assert reply.status_code == 303, reply.text
        assert self.http.get_cookie("gatehouse_session") is None
        return str(reply.headers["Location"])


def test_a_code_lets_in_and_leads_on(owner: Owner, address: str):
    owner.enrol()
    visitor = Visitor(owner, address)
    asks = visitor.begin("/login?next=/sessions")
    assert asks.startswith("/login/")
    assert asks.endswith("next=%2Fsessions")
    assert "six digits" in visitor.http.get(asks).text

    reply = visitor.send(asks, code=owner.app.now())

    assert (reply.status_code, reply.headers["Location"]) == (303, "/sessions")
    assert owner.user.email in visitor.http.get("/").text


def test_a_wrong_code_is_said_to_be_one_and_another_may_follow(owner: Owner, address: str):
    codes = owner.enrol()["backup_codes"]
    visitor = Visitor(owner, address)
    asks = visitor.begin()

    wrong = visitor.send(asks, code="000 000")
    assert wrong.status_code == 401
    assert "This code is not right" in wrong.text

    assert visitor.send(asks, code=f" {codes[0][:8]}-{codes[0][8:]} ").status_code == 303


def test_who_waits_waits_in_one_browser(owner: Owner, address: str):
    """Threat 128: the address alone leads nobody in."""
    owner.enrol()
    visitor, stranger = Visitor(owner, address), Visitor(owner, address)
    asks = visitor.begin()
    stranger.begin()

    page = stranger.http.get(asks)

    assert page.status_code == 400
    assert "This sign-in is over" in page.text
    fields = {**dict(HIDDEN.findall(stranger.http.get("/login").text)), "code": owner.app.now()}
    assert stranger.http.post(asks, data=fields, headers=OURS).status_code >= 400
    assert visitor.send(asks, code=owner.app.now()).status_code == 303


def test_an_app_is_set_up_by_forms(owner: Owner, address: str):
    visitor = Visitor(owner, address)
    assert visitor.send("/login", email=owner.user.email, password=PASSWORD).status_code == 303
    begun = visitor.post_from("/security", "/security/app")
    assert begun.headers["Location"] == "/security/app"
    page = visitor.http.get("/security/app").text
    assert 'src="data:image/svg+xml;base64,' in page
    (shown,) = re.findall(r"<strong>((?:[A-Z2-7]{4} ?){8})</strong>", page)
    secret = shown.replace(" ", "")
    assert f"secret={secret}" in page
    wrong = visitor.post_from("/security/app", "/security/app/confirm", code="000000")
    assert wrong.status_code == 401
    assert shown in wrong.text
    assert "000000" not in wrong.text

    done = visitor.post_from("/security/app", "/security/app/confirm", code=TOTP(secret).now())

    codes = re.findall(r"<code>([0-9A-F-]{19})</code>", done.text)
    assert len(set(codes)) == 10
    assert "10 codes are left" in visitor.http.get("/security").text
    owner.forget_steps()
    other = Visitor(owner, address)
    assert other.send(other.begin(), code=codes[3]).status_code == 303


def test_removing_the_app_asks_for_a_code_first(owner: Owner, address: str):
    owner.enrol()
    visitor = Visitor(owner, address)
    assert visitor.send(visitor.begin(), code=owner.app.now()).status_code == 303
    with unit_of_work(owner.runtime, Origin()) as ctx:
        long_ago = ctx.now - timedelta(hours=1)
        own = update(Session).where(Session.user_id == owner.user.id)
        ctx.db.execute(own.values(mfa_time=long_ago))

    asked = visitor.post_from("/security", "/security/app/remove")
    assert asked.headers["Location"].startswith("/reauthenticate/code")
    owner.forget_steps()
    assert visitor.send("/reauthenticate/code", code=owner.app.now()).status_code == 303

    assert visitor.post_from("/security", "/security/app/remove").status_code == 303
    assert "The authenticator app is removed" in visitor.http.get("/security").text
