"""What ends, ends whatever it meets."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.oidc_provider.scenes import Scene
from tests.relying import Person

FOR_A_PLACE = "openid organizations offline_access"


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    return make_scene()


@pytest.fixture
def guest(scene: Scene, open_app: Flask, address: str) -> Person:
    return Person(open_app, scene.user.email, REMOTE_ADDR=address)


def test_tokens_for_an_organization_end_with_the_membership(
    scene: Scene, guest: Person, make_rp: Any
):
    """Threat 33: also where the application admits everybody."""
    rp = make_rp(access_policy="everyone")
    asked = {"scope": FOR_A_PLACE, "organization": str(scene.org.id)}
    tokens = guest.tokens_for(rp, **asked)
    code = guest.code_for(rp, **asked)
    assert rp.read(tokens["access_token"]).claims["org"] == str(scene.org.id)
    assert rp.introspect(tokens["access_token"]).json["active"]

    scene.as_owner("DELETE", scene.place)

    for answer in (rp.refresh(tokens["refresh_token"]), rp.redeem(code)):
        assert (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert rp.introspect(token).json == {"active": False}
