"""Races for codes and refresh tokens between worker processes, with real requests.

R1, OAUTH-17, RT-04, RT-10, RT-12, RT-13; threats 28, 29, 31, 32. Codes come of the real pages,
served in this process; what they are good for is decided by the workers.
"""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import RefreshFamily
from gatehouse.grants.rules import read
from tests.factories import Factory
from tests.relying import Person, Rp, basic, make_client
from tests.serving import GatehouseServer, Reply

pytestmark = pytest.mark.integration
SCOPE = "openid offline_access"
PUBLIC = {"token_endpoint_auth_method": "none", "application_type": "spa"}


class Caller:
    """An application that calls the workers, several times at once if need be."""

    def __init__(self, server: GatehouseServer, rp: Rp) -> None:
        self.server, self.rp = server, rp

    def post(self, path: str, **sent: str) -> Reply:
        return self.server.call(*self._asked(path, sent), headers=self._headers)

    def all_at_once(self, count: int, **sent: str) -> list[Reply]:
        asked = self._asked("/oidc/token", sent)
        return self.server.at_once([asked] * count, headers=self._headers)

    def redemption(self, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.rp.request()["redirect_uri"],
            "code_verifier": self.rp.verifier,
        }

    def tokens(self, person: Person) -> dict[str, Any]:
        """The first tokens of a family."""
        code = person.code_for(self.rp, scope=SCOPE)
        found = self.post("/oidc/token", **self.redemption(code))
        assert found.status == 200, found.body
        tokens: dict[str, Any] = found.json
        return tokens

    def refresh(self, token: str) -> Reply:
        return self.post("/oidc/token", **refreshing(token))

    def userinfo(self, tokens: dict[str, Any]) -> int:
        return self.server.call("GET", "/oidc/userinfo", token=tokens["access_token"]).status

    @property
    def _headers(self) -> dict[str, str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return kind if self.rp.is_public else kind | basic(self.rp.client_id)

    def _asked(self, path: str, sent: dict[str, str]) -> tuple[str, str, bytes]:
        own = {"client_id": self.rp.client_id} if self.rp.is_public else {}
        return "POST", path, urlencode({**sent, **own}).encode()


@pytest.fixture
def person(open_app: Flask, make: Factory) -> Person:
    return Person(open_app, make.user().email)


@pytest.fixture
def caller(server: GatehouseServer, open_app: Flask, runtime: Runtime) -> Callable[..., Caller]:
    def made(**settings: Any) -> Caller:
        # How often a client may call is another matter than who wins.
        settings = {"rate_limit": "100000/second", **settings}
        return Caller(server, Rp(open_app, make_client(runtime, **settings)))

    return made


def refreshing(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token}


def family_of(db: Session, token: str) -> RefreshFamily:
    shown = read(token)
    assert shown is not None
    db.rollback()
    found = db.scalar(select(RefreshFamily).where(RefreshFamily.id == UUID(str(shown.family_id))))
    assert found is not None
    return found


@pytest.mark.parametrize("count", [8, 20])
def test_of_many_who_redeem_a_code_one_gets_tokens(
    person: Person, caller: Callable[..., Caller], db: Session, count: int
):
    """OAUTH-17, threat 28: the others learn nothing, and what the one got is void."""
    app = caller()
    code = person.code_for(app.rp, scope=SCOPE)

    replies = app.all_at_once(count, **app.redemption(code))

    assert Counter(reply.status for reply in replies) == {200: 1, 400: count - 1}
    refused = [reply.json for reply in replies if reply.status == 400]
    assert {said["error"] for said in refused} == {"invalid_grant"}
    tokens = next(reply.json for reply in replies if reply.status == 200)
    assert app.userinfo(tokens) == 401
    assert family_of(db, tokens["refresh_token"]).revoke_reason == "code_reused"


def test_fifty_refreshes_at_once_within_the_grace_are_one_turn(
    person: Person, caller: Callable[..., Caller], db: Session
):
    """R1, RT-04, threat 32: all tabs of a public client go on, and there is one child."""
    app = caller(**PUBLIC)
    first = app.tokens(person)["refresh_token"]

    replies = app.all_at_once(50, **refreshing(first))

    assert {reply.status for reply in replies} == {200}
    children = {reply.json["refresh_token"] for reply in replies}
    assert len(children) == 1
    assert family_of(db, first).generation == 1
    assert app.refresh(children.pop()).status == 200


def test_eight_refreshes_at_once_without_a_grace_end_the_family(
    person: Person, caller: Callable[..., Caller], db: Session
):
    """A confidential client is one process: whoever shows a spent token has stolen one."""
    app = caller()
    first = app.tokens(person)["refresh_token"]

    replies = app.all_at_once(8, **refreshing(first))

    assert Counter(reply.status for reply in replies) == {200: 1, 400: 7}
    winner = next(reply.json for reply in replies if reply.status == 200)
    assert family_of(db, first).revoke_reason == "reuse"
    assert app.refresh(winner["refresh_token"]).status == 400
    assert app.userinfo(winner) == 401


@pytest.mark.parametrize("settings", [{}, PUBLIC], ids=["confidential", "public"])
def test_nothing_outlives_a_revocation_that_meets_refreshes(
    person: Person, caller: Callable[..., Caller], db: Session, settings: dict[str, Any]
):
    """RT-12, RT-13 (the race of Keycloak 51312)."""
    app = caller(**settings)
    for _ in range(4):
        first = app.tokens(person)["refresh_token"]
        with ThreadPoolExecutor(5) as threads:
            refreshes = [threads.submit(app.refresh, first) for _ in range(4)]
            ended = threads.submit(app.post, "/oidc/revoke", token=first)
        replies = [each.result() for each in refreshes]

        assert ended.result().status == 200
        assert {reply.status for reply in replies} <= {200, 400}
        given = [reply.json for reply in replies if reply.status == 200]
        assert [app.userinfo(tokens) for tokens in given] == [401] * len(given)
        last = [app.refresh(tokens["refresh_token"]).status for tokens in given]
        assert last == [400] * len(given)
        assert family_of(db, first).revoked_at is not None


def test_a_restart_forgets_no_rotation(
    server: GatehouseServer, person: Person, caller: Callable[..., Caller], db: Session
):
    """RT-10, threat 30 (CVE-2026-9802): what was spent before the restart is spent after it."""
    app = caller()
    first = app.tokens(person)["refresh_token"]
    second = app.refresh(first).json

    server.restart()

    again = app.refresh(first)
    assert (again.status, json.loads(again.body)["error"]) == (400, "invalid_grant")
    assert family_of(db, first).revoke_reason == "reuse"
    assert app.refresh(second["refresh_token"]).status == 400
    assert app.userinfo(second) == 401
