"""An organization's policy binds every sign-in to its clients (ruling 27, threat 127)."""

from typing import Any

import pytest
from flask import Flask
from pyotp import TOTP

from gatehouse.core.runtime import Runtime
from gatehouse.policies.rules import Mode
from tests.factories import Factory
from tests.mfa.owners import give_app
from tests.oidc_provider.test_devices import GRANT, Device, say, typed
from tests.oidc_provider.test_exchange import SCOPE, Chain
from tests.policies.demands import Demanding, ago
from tests.relying import Person, Rp, answer_of

COOKIE = "gatehouse_session"
UP = "/reauthenticate/code"
API = "/api/v1"


class Scene(Demanding):
    """A member of an organization that demands an app, signed in by a password alone."""

    def __init__(self, make: Factory, runtime: Runtime, app: Flask, make_rp: Any, where: str):
        super().__init__(make, runtime, Mode.REQUIRE_TOTP)
        self.user = make.user()
        self.place = self.join(user=self.user)
        self.person = Person(app, self.user.email, REMOTE_ADDR=where)
        self.person.http.set_cookie(COOKIE, make.session(self.user.id))
        self.make_rp = make_rp

    def rp(self, **settings: Any) -> Rp:
        return self.make_rp(self.org, consent="skip", **settings)

    def app_of_member(self) -> TOTP:
        return give_app(self.runtime, self.user.id)


@pytest.fixture
def scene(make: Factory, runtime: Runtime, open_app: Flask, make_rp: Any, address: str) -> Scene:
    return Scene(make, runtime, open_app, make_rp, address)


def said_of(page: Any) -> dict[str, str]:
    return answer_of(page.headers.get("Location", ""))


def test_whoever_has_nothing_is_led_to_set_it_up_and_goes_on(scene: Scene):
    """Threat 132."""
    rp, person = scene.rp(), scene.person
    page = person.open(rp.url())
    assert page.request.path.startswith("/oidc/demand/")
    onward = page.request.path.replace("demand", "continue")
    assert f'href="/security?next={onward}"' in page.text
    assert "You need an authenticator app." in page.text
    assert said_of(person.open(rp.url(prompt="none")))["error"] == "interaction_required"

    security = person.open(f"/security?next={onward}")
    begun = person.post("/security/app", security)
    assert onward in begun.text
    secret = begun.text.split('<p class="code"><strong>')[1].split("<")[0].replace(" ", "")
    codes = person.post("/security/app/confirm", begun, code=TOTP(secret).now())
    assert "I have saved my codes" in codes.text
    back = person.open(f"/security?next={onward}")
    assert f'href="{onward}"' in back.text

    assert "code" in said_of(person.open(onward))


def test_whoever_has_it_uses_it_first(scene: Scene):
    app, rp = scene.app_of_member(), scene.rp()
    page = scene.person.open(rp.url())
    assert page.request.path == UP

    done = scene.person.post(UP, page, code=app.now())

    claims = rp.read(rp.redeem(said_of(done)["code"]).json["id_token"]).claims
    assert claims["acr"] == "mfa"


@pytest.mark.parametrize(
    ("changes", "is_bound"),
    [
        ({"version": 2}, True),
        ({"mode": Mode.OPTIONAL}, False),
        ({"mode": Mode.DISABLED}, False),
        ({"demands_since": ago(days=13)}, False),
        ({"demands_since": ago(days=13), "grace_days": 0}, True),
        ({"mode": Mode.REQUIRE_WEBAUTHN}, True),
    ],
)
def test_the_policy_alone_decides(scene: Scene, *, changes: dict, is_bound: bool):
    scene.make.change(scene.policy, **changes)

    page = scene.person.open(scene.rp().url())

    assert page.request.path.startswith("/oidc/demand/") is is_bound
    assert ("code" in said_of(page)) is not is_bound


def test_strangers_are_bound_where_everybody_may_come(
    scene: Scene, make: Factory, open_app: Flask, address: str
):
    stranger = make.user()
    person = Person(open_app, stranger.email, REMOTE_ADDR=address)
    person.http.set_cookie(COOKIE, make.session(stranger.id))
    rp = scene.rp(access_policy="everyone")

    assert person.open(rp.url()).request.path.startswith("/oidc/demand/")
    app = give_app(scene.runtime, stranger.id)
    page = person.open(rp.url())

    assert page.request.path == UP
    assert "code" in said_of(person.post(UP, page, code=app.now()))


def test_what_is_demanded_is_told_to_nobody_who_may_not_enter(
    scene: Scene, make: Factory, open_app: Flask, address: str
):
    stranger = make.user()
    person = Person(open_app, stranger.email, REMOTE_ADDR=address)
    person.http.set_cookie(COOKIE, make.session(stranger.id))

    page = person.open(scene.rp().url())

    assert page.request.path.startswith("/oidc/no-access/")


def test_the_page_leads_back_and_to_other_accounts(scene: Scene):
    rp = scene.rp()
    page = scene.person.open(rp.url(state="s"))
    handle = page.request.path.removeprefix("/oidc/demand/")

    said = said_of(scene.person.post(f"/oidc/accounts/{handle}", page, answer="cancel"))

    assert (said["error"], said["state"]) == ("access_denied", "s")


def test_a_device_is_not_let_in_past_it(scene: Scene):
    """Threats 38 and 127."""
    tv = Device(scene.rp(grant_types=[GRANT], device_flow_confirm=False))
    app = scene.app_of_member()
    page = say(scene.person, typed(scene.person, tv.user_code))
    assert page.request.path == UP
    assert tv.hears() == "authorization_pending"

    scene.person.post(UP, page, code=app.now())

    assert "is let in" in say(scene.person, typed(scene.person, tv.user_code)).text
    assert tv.hears() in ("", "slow_down")


def test_what_was_given_in_grace_is_not_renewed_after_it(scene: Scene):
    """Threats 33, 127 and 132: a password that was enough then is not, whoever has set it up."""
    scene.make.change(scene.policy, demands_since=ago(days=13))
    rp = scene.rp()
    given = scene.person.tokens_for(rp, scope="openid offline_access")["refresh_token"]
    given = rp.refresh(given).json["refresh_token"]

    scene.make.change(scene.policy, demands_since=ago(days=15))
    past_due = rp.refresh(given)
    scene.app_of_member()
    not_used = rp.refresh(given)

    for said in (past_due, not_used):
        assert (said.status_code, said.json["error"]) == (400, "invalid_grant")


def test_nothing_is_exchanged_past_it(scene: Scene):
    """Threats 43 and 127."""
    chain = Chain(scene.make_rp, scene.runtime, scene.org, scene.user)
    scene.make.change(scene.policy, demands_since=ago(days=13))
    given = scene.person.tokens_for(chain.app, scope=SCOPE, resource=chain.front)["access_token"]
    assert chain.exchange(given).status_code == 200

    scene.make.change(scene.policy, demands_since=ago(days=15))

    assert chain.exchange(given).status_code == 400
