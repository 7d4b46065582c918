"""What ends, ends whatever it meets."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from flask import Flask

from gatehouse.accounts.events import PasswordReset
from gatehouse.accounts.models import User
from gatehouse.accounts.queries import hold_account
from gatehouse.audit.service import record
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.mfa.service import reset_factors
from gatehouse.sessions.service import revoke_other_sessions
from tests.mfa.owners import give_app
from tests.oidc_provider.scenes import API, Scene
from tests.oidc_provider.test_devices import GRANT, Device, say, typed
from tests.oidc_provider.test_exchange import SCOPE, Chain
from tests.relying import Person, Rp

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
    asked["claims"] = '{"userinfo": {"a\\u0000b": null}}'  # PostgreSQL could not look into that.
    tokens = guest.tokens_for(rp, **asked)
    code = guest.code_for(rp, **asked)
    assert rp.read(tokens["access_token"]).claims["org"] == str(scene.org.id)
    assert rp.introspect(tokens["access_token"]).json["active"]

    scene.as_owner("DELETE", scene.place)

    for answer in (rp.refresh(tokens["refresh_token"]), rp.redeem(code)):
        assert (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert rp.introspect(token).json == {"active": False}


@pytest.fixture
def chain(scene: Scene, make_rp: Any, runtime: Runtime) -> Chain:
    return Chain(make_rp, runtime, scene.org, scene.user)


def test_what_was_exchanged_ends_for_whom_the_acting_client_admits_no_more(
    scene: Scene, guest: Person, chain: Chain
):
    """Threats 33 and 43: whoever acts had to admit the person, and has to go on with it."""
    first = guest.tokens_for(chain.app, scope=SCOPE, resource=chain.front)["access_token"]
    made = chain.exchange(first).json["access_token"]
    assert chain.service.introspect(made).json["active"]

    path = f"{API}/organizations/{scene.org.id}/clients/{chain.service.client.id}"
    policy = {"access_policy": "roles", "allowed_roles": ["owner"], "response_types": []}
    scene.as_owner("PATCH", path, **policy)

    assert chain.exchange(first).status_code == 400
    assert chain.service.introspect(made).json == {"active": False}
    assert chain.app.introspect(first).json["active"]


def answer_meanwhile(runtime: Runtime, user: Any, ends: Callable[[Any], Any], ask: Any) -> Any:
    """What is answered to whoever asks while an act that ends something is not committed yet."""
    answers: list[Any] = []
    asks = Thread(target=lambda: answers.append(ask()))
    with unit_of_work(runtime, Origin("test"), Actor("user", user_id=user.id)) as ctx:
        ends(ctx)
        asks.start()
        asks.join(1)
    asks.join()
    return answers[0]


def reset(ctx: Any) -> None:
    hold_account(ctx, ctx.user_id)
    record(ctx, PasswordReset(user_id=ctx.user_id))


@pytest.mark.parametrize("ends", [revoke_other_sessions, reset])
def test_no_code_is_redeemed_while_that_is_ended_by_which_it_lives(
    person: Person, rp: Rp, user: User, runtime: Runtime, ends: Any
):
    """Threat 33: whoever comes first, nothing is left that outlives it."""
    code = person.code_for(rp, scope="openid offline_access")

    answer = answer_meanwhile(runtime, user, ends, lambda: rp.redeem(code))

    assert (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")


def test_no_device_gets_tokens_while_a_password_is_reset(
    person: Person, make_rp: Any, user: User, runtime: Runtime
):
    """Threat 33: its yes needs no session, but an account that is the same."""
    rp = make_rp(grant_types=[GRANT, "refresh_token"])
    device = Device(rp, scope="openid offline_access")
    say(person, typed(person, device.user_code))

    answer = answer_meanwhile(runtime, user, reset, device.poll)

    assert (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")


def test_what_was_given_to_a_lost_factor_ends_with_it(
    person: Person, rp: Rp, user: User, runtime: Runtime
):
    """Threats 33 and 103: also what outlives sessions and says that it used one."""
    given = person.tokens_for(rp, scope="openid offline_access")
    code = person.code_for(rp, scope="openid offline_access")
    give_app(runtime, user.id)

    with unit_of_work(runtime, Origin("test"), Actor("job")) as ctx:
        hold_account(ctx, user.id)
        reset_factors(ctx, user.id)

    for answer in (rp.refresh(given["refresh_token"]), rp.redeem(code)):
        assert (answer.status_code, answer.json.get("error")) == (400, "invalid_grant")
    for token in given["access_token"], given["refresh_token"]:
        assert rp.introspect(token).json == {"active": False}
