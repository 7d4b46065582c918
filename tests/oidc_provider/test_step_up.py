"""A stronger class of authentication: only the factor that is missing is asked for."""

from datetime import timedelta
from typing import Any

import pytest
from pyotp import TOTP
from sqlalchemy import update

from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.sessions.models import Session
from tests.factories import PASSWORD, Factory
from tests.mfa.owners import forget_steps, give_app, give_passkey
from tests.relying import Person, Rp, answer_of

COOKIE = "gatehouse_session"
UP = "/reauthenticate/code"
ESSENTIAL = '{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}'


@pytest.fixture
def totp(runtime: Runtime, user: Any) -> TOTP:
    return give_app(runtime, user.id)


@pytest.fixture
def inside(person: Person, make: Factory, user: Any) -> Person:
    """Signed in by a password alone, some time ago."""
    token = make.session(user.id, signed_in_ago=timedelta(seconds=100))
    person.http.set_cookie(COOKIE, token)
    return person


def said_of(page: Any) -> dict[str, str]:
    return answer_of(page.headers.get("Location", ""))


def claims_of(rp: Rp, page: Any) -> Any:
    return rp.read(rp.redeem(said_of(page)["code"]).json["id_token"]).claims


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"min_acr": "mfa"}, {}),
        ({}, {"acr_values": "phr mfa"}),
        ({"default_acr_values": ["mfa"]}, {}),
        ({}, {"claims": ESSENTIAL}),
        ({"min_acr": "mfa", "mfa_max_age": 60}, {}),
    ],
)
def test_a_session_steps_up_by_a_code_alone(
    inside: Person, make_rp: Any, totp: TOTP, options: Any, asked: Any
):
    """STEP-02, CORE-36, CORE-37: no password is asked for, and the class is what was done."""
    rp = make_rp(**options)
    page = inside.open(rp.url(**asked))
    assert page.request.path == UP
    assert 'type="password"' not in page.text
    assert rp.client.name in page.text or "authenticator" in page.text

    page = inside.post(UP, page, code=totp.now())
    claims = claims_of(rp, inside.consent(page))

    assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp"])


def test_a_sign_in_with_both_factors_is_enough(person: Person, make_rp: Any, totp: TOTP):
    """STEP-02."""
    rp = make_rp(min_acr="mfa")
    page = person.sign_in(person.open(rp.url()))
    assert page.request.path.startswith("/login/")

    page = person.post(page.request.path, page, code=totp.now())

    assert claims_of(rp, person.consent(page))["acr"] == "mfa"


def test_without_a_page_the_client_hears_what_is_missing(inside: Person, make_rp: Any, totp: TOTP):
    """STEP-02, CORE-36: a wish is none that refuses."""
    assert totp
    needs, wishes = make_rp(min_acr="mfa"), make_rp()
    silent = {"prompt": "none"}

    assert said_of(inside.open(needs.url(**silent)))["error"] == "interaction_required"
    essential = wishes.url(claims=ESSENTIAL, **silent)
    assert said_of(inside.open(essential))["error"] == "interaction_required"
    wished = inside.open(wishes.url(acr_values="mfa", **silent))
    assert said_of(wished)["error"] == "consent_required"


def test_a_factor_counts_for_as_long_as_the_client_says(
    inside: Person, make_rp: Any, totp: TOTP, runtime: Runtime, user: Any
):
    """STEP-02: mfa_max_age."""
    rp = make_rp(min_acr="mfa", mfa_max_age=60, consent="skip")
    page = inside.open(rp.url())
    assert claims_of(rp, inside.post(UP, page, code=totp.now()))["acr"] == "mfa"
    assert "code" in said_of(inside.open(rp.url()))

    with unit_of_work(runtime, Origin()) as ctx:
        earlier = ctx.now - timedelta(seconds=61)
        own = update(Session).where(Session.user_id == user.id)
        ctx.db.execute(own.values(mfa_time=earlier))
    forget_steps(runtime, user.id)

    page = inside.open(rp.url())
    assert page.request.path == UP
    assert "code" in said_of(inside.post(UP, page, code=totp.now()))


def test_a_wish_is_no_trap(inside: Person, make_rp: Any, totp: TOTP, runtime: Runtime, user: Any):
    """STEP-02: who has a passkey, and uses the app, goes on with that."""
    give_passkey(runtime, user.id)
    rp = make_rp(consent="skip")
    page = inside.open(rp.url(acr_values="phr"))
    assert page.request.path == UP

    claims = claims_of(rp, inside.post(UP, page, code=totp.now()))

    assert claims["acr"] == "mfa"


def test_new_tokens_are_refused_below_what_the_client_demands_by_now(
    make_scene: Any, open_app: Any, address: str
):
    """STEP-02: a client that demands more ends what was given for less."""
    scene = make_scene()
    person = Person(open_app, scene.user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(scene.rp, scope="openid offline_access")
    scene.change_client(min_acr="mfa")

    answer = scene.rp.refresh(tokens["refresh_token"])

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"min_acr": "mfa"}, {"prompt": "login"}),
        ({"min_acr": "mfa"}, {"max_age": "60"}),
        ({}, {"max_age": "60", "claims": ESSENTIAL}),
        ({}, {"max_age": "60", "acr_values": "mfa"}),
    ],
)
def test_an_old_factor_does_not_pass_for_a_new_one(
    person: Person,
    make: Factory,
    make_rp: Any,
    totp: TOTP,
    user: Any,
    runtime: Runtime,
    options: Any,
    asked: Any,
):
    """STEP-02, CORE-36: what is wanted anew is the class, not the password below it (RFC 9470)."""
    person.http.set_cookie(COOKIE, make.session(user.id))
    with unit_of_work(runtime, Origin()) as ctx:
        earlier = ctx.now - timedelta(hours=1)
        values = {"amr": "pwd otp", "mfa_time": earlier, "auth_time": earlier}
        ctx.db.execute(update(Session).where(Session.user_id == user.id).values(**values))
    rp = make_rp(consent="skip", **options)

    page = person.open(rp.url(**asked))
    assert page.request.path == "/reauthenticate"
    page = person.post("/reauthenticate", page, password=PASSWORD)

    assert page.request.path == UP
    assert claims_of(rp, person.post(UP, page, code=totp.now()))["acr"] == "mfa"
