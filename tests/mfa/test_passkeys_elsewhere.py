"""Passkeys of other sites and other browsers (threats 136 and 137)."""

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.conftest import client_of
from tests.mfa.owners import KeyOwner
from tests.mfa.test_pages import HIDDEN, OURS, Visitor

HOME = "https://id.example.com"
ORIGINS = [
    "https://example.com",
    "https://www.example.com",
    "https://a.id.example.com",
    "https://id.example.com.evil.example",
    "https://id.example.co",
    "https://com",
    "https://id.example.com:8443",
    "http://id.example.com",
    "https://ID.example.com",
    "https://user@id.example.com",
    "https://id.example.com.",
]
SITES = ["example.com", "www.example.com", "a.id.example.com", "com", "id.example.com."]


@pytest.fixture
def resident(make_app, make, runtime) -> KeyOwner:
    """Somebody with a passkey of an installation that is at a domain of its own."""
    app = make_app(APP_URL=HOME, RATELIMIT_ENABLED="false")
    found = KeyOwner(client_of(app), make, runtime)
    found.key.origin = HOME
    found.register()
    return found


def test_a_page_of_another_domain_signs_nobody_in(resident: KeyOwner):
    """Threats 133 and 137: not of one above, beside, or below ours."""
    lies = [{"origin": said} for said in ORIGINS] + [{"rp_id": said} for said in SITES]
    for lie in lies:
        lying = resident.key.lying(**lie)
        used = resident.use(lying.use(resident.asked(), key=resident.key.keys[0]))
        made = resident.send(lying.make(resident.options()))
        reason = {"reason": "wrong_origin" if "origin" in lie else "wrong_rp_id"}
        assert (used.status_code, used.json["error"]["details"]) == (401, reason), lie
        assert (made.status_code, made.json["error"]["details"]) == (400, reason), lie

    resident.key.keys = resident.key.keys[:1]
    assert resident.sign_in().status_code == 200


def test_another_site_counts_where_the_operator_named_it_and_nowhere_else(make_app, make, runtime):
    """Threat 137 (WebAuthn 5.11)."""
    both = make_app(
        APP_URL=HOME,
        WEBAUTHN_ORIGIN=f"{HOME},https://login.example.org",
        RATELIMIT_ENABLED="false",
    )
    holder = KeyOwner(client_of(both), make, runtime)
    holder.key.origin = HOME
    holder.register()

    named = holder.key.lying(origin="https://login.example.org").use(holder.asked())
    others = [
        holder.key.lying(origin=said).use(holder.asked())
        for said in ("https://example.org", "https://www.example.org", "http://login.example.org")
    ]

    listed = holder.http.get("/.well-known/webauthn").json
    assert listed == {"origins": ["https://login.example.org"]}
    assert holder.use(named).status_code == 200
    assert {holder.use(other).status_code for other in others} == {401}


ASKED = re.compile(r"data-(?:get|create)='([^']*)'")


class Keyed(Visitor):
    """A browser that has a passkey, without a script: what that would send is put together here."""

    owner: KeyOwner

    def asked(self, path: str) -> Any:
        (options,) = ASKED.findall(self.http.get(path).text)
        return json.loads(unescape(options))

    def put(self, path: str, page: str, answer: Any) -> Any:
        hidden = dict(HIDDEN.findall(self.http.get(page).text)) | {"passkey": json.dumps(answer)}
        return self.http.post(path, data=hidden, headers=OURS)


def test_what_one_browser_was_asked_another_does_not_answer(somebody: KeyOwner, address: str):
    """Threat 136: on the sign-in page, and where a sign-in waits."""
    here, there = Keyed(somebody, address), Keyed(somebody, address)
    answer = somebody.key.use(here.asked("/login"))
    assert there.put("/login/passkey", "/login", answer).status_code == 401
    assert somebody.use(answer).json["error"]["details"] == {"reason": "wrong_challenge"}
    assert here.put("/login/passkey", "/login", answer).status_code == 303

    here, there = Keyed(somebody, address), Keyed(somebody, address)
    mine, theirs = here.begin(), there.begin()
    answer = somebody.key.use(here.asked(mine))
    assert there.put(f"{theirs}/passkey", theirs, answer).status_code == 401
    assert there.put(f"{mine}/passkey", theirs, answer).status_code >= 400
    assert here.put(f"{mine}/passkey", mine, answer).status_code == 303


def test_what_the_api_was_asked_no_page_answers(somebody: KeyOwner, address: str):
    """Threat 136."""
    visitor = Keyed(somebody, address)

    reply = visitor.put("/login/passkey", "/login", somebody.key.use(somebody.asked()))

    assert reply.status_code == 401
    assert "gatehouse_session" not in str(reply.headers)
