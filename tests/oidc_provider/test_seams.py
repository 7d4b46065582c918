"""Where two features meet: what the one refuses is not to be had by way of the other."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from gatehouse.accounts.models import User
from gatehouse.clients.models import Client
from gatehouse.clients.service.registering import add_registration_token
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.grants.models import Grant
from gatehouse.grants.service.consents import MOST_HELD
from gatehouse.oidc_provider.models import AuthorizationCode
from tests.conftest import WIDE, client_of
from tests.factories import Factory
from tests.oidc_provider.programs import LEAST, Program
from tests.oidc_provider.test_devices import GRANT, Device, say, typed
from tests.oidc_provider.test_exchange import SCOPE, Chain
from tests.relying import Person, Rp


@pytest.fixture
def http(open_app: Flask, address: str) -> FlaskClient:
    return client_of(open_app, address)


def change(runtime: Runtime, rp: Rp, **settings: Any) -> None:
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.outwait_leases()
        row = ctx.db.get(Client, rp.client.id)
        row.settings = {**row.settings, **settings}


def is_asked(page: Any) -> bool:
    return bool(page.status_code == 200 and "/oidc/consent/" in page.request.path)


def test_a_yes_brings_nothing_along_that_nobody_was_asked_for(
    person: Person, make_rp: Any, runtime: Runtime
):
    """Threat 50: what a client had while it skipped consent, a yes to less does not confirm."""
    rp = make_rp(consent="skip")
    person.code_for(rp, scope="openid email profile")
    change(runtime, rp, consent="required")

    person.consent(person.open(rp.url(scope="openid")))

    assert not is_asked(person.open(rp.url(scope="openid")))
    assert is_asked(person.open(rp.url(scope="openid email profile")))


def test_a_yes_revives_no_older_one_that_is_over(person: Person, make_rp: Any, runtime: Runtime):
    """Threat 50."""
    rp = make_rp(consent_lifetime=100)
    person.code_for(rp, scope="openid email")
    with unit_of_work(runtime, Origin("test")) as ctx:
        over = {"agreed_until": ctx.now - timedelta(seconds=1)}
        ctx.execute(update(Grant).where(Grant.client_row_id == rp.client.id).values(**over))

    person.consent(person.open(rp.url(scope="openid")))

    assert is_asked(person.open(rp.url(scope="openid email")))


def test_a_grant_holds_no_more_than_was_asked_of_late(
    person: Person, make_rp: Any, runtime: Runtime
):
    """Threat 49: whoever is asked nothing cannot make it grow with each request."""
    rp = make_rp(consent="skip")
    for turn in range(5):
        wish = {"userinfo": {f"x{turn}_{number}": None for number in range(90)}}
        person.code_for(rp, claims=orjson.dumps(wish).decode())

    with runtime.reading() as db:
        held = db.scalar(select(Grant.claims).where(Grant.client_row_id == rp.client.id))
    assert len(held) <= MOST_HELD
    assert "x4_89" in held


def test_a_yes_to_one_is_no_yes_to_true(person: Person, make_rp: Any):
    """Threat 50: to Python, 1 is true, and 1.0 as well."""
    rp = make_rp(authorization_details_types=["payment"])

    def asked(limit: str) -> dict[str, str]:
        return {"authorization_details": f'[{{"type": "payment", "limit": {limit}}}]'}

    person.code_for(rp, **asked("1"))

    assert not is_asked(person.open(rp.url(**asked("1"))))
    for other in ("true", "1.0", '"1"'):
        page = person.open(rp.url(**asked(other)))
        assert is_asked(page), other
    person.consent(page)
    tokens = person.tokens_for(rp, **asked("true"))
    assert tokens["authorization_details"][0]["limit"] is True


def test_a_stranger_cannot_spend_what_a_public_client_may_call(open_app: Flask, make_rp: Any):
    """Threat 203: whoever calls in its name has proven nothing."""
    app = make_rp(token_endpoint_auth_method="none", rate_limit="3/hour")
    stranger = Rp(open_app, app.client, "198.51.100.7")

    assert [stranger.refresh("x").status_code for _ in range(4)] == [400, 400, 400, 429]
    assert app.refresh("x").status_code == 400


def test_whoever_only_looks_gets_no_code(person: Person, rp: Rp, runtime: Runtime, user: User):
    """Threat 190: HEAD does nothing."""
    person.code_for(rp)
    codes = select(func.count(AuthorizationCode.id)).where(AuthorizationCode.user_id == user.id)

    answer = person.http.head(rp.url())

    assert answer.status_code == 405
    assert "Location" not in answer.headers
    with runtime.reading() as db:
        assert db.scalar(codes) == 1


def test_a_narrower_token_outlives_the_session_as_its_family_does(person: Person, rp: Rp):
    tokens = person.tokens_for(rp, scope="openid email offline_access")
    person.post("/logout", person.open("/logout"))

    narrow = rp.refresh(tokens["refresh_token"], scope="openid").json

    assert narrow["scope"] == "openid"
    assert rp.userinfo(narrow["access_token"]).status_code == 200


def test_a_yes_to_a_device_ends_with_the_session_where_offline_access_does(
    person: Person, make_rp: Any
):
    """Threat 33: also when the device fetches its tokens only afterwards."""
    grants = [GRANT, "refresh_token"]
    rp = make_rp(grant_types=grants, revoke_offline_on_logout=True)
    device = Device(rp, scope="openid offline_access")
    say(person, typed(person, device.user_code))

    person.post("/logout", person.open("/logout"))

    assert device.poll().json["error"] == "invalid_grant"


@pytest.mark.parametrize("is_of_another", [True, False])
def test_nothing_is_exchanged_for_a_token_for_a_client_of_others(
    make_rp: Any,
    runtime: Runtime,
    make: Factory,
    person: Person,
    user: User,
    *,
    is_of_another: bool,
):
    """Threat 43: an application may take tokens that bear its own name as audience."""
    org = make.organization()
    make.member(org, user=user)
    chain = Chain(make_rp, runtime, org, user)
    other = make_rp(make.organization() if is_of_another else org)
    policy = chain.service.client.settings["token_exchange_policy"]
    wider = {**policy, "audiences": [other.client_id]}
    chain.change(chain.service, token_exchange_policy=wider)
    subject = person.tokens_for(chain.app, scope=SCOPE, resource=chain.front)["access_token"]

    answer = chain.exchange(subject, audience=other.client_id)

    if is_of_another:
        assert answer.json["error"] == "invalid_target"
    else:
        assert answer.status_code == 200


def test_a_registration_is_closed_where_the_organization_is_switched_off(
    make_app: Any, address: str, make: Factory, runtime: Runtime
):
    """Threats 24, 25 and 180."""
    org, program = (
        make.organization(),
        Program(make_app(OIDC_REGISTRATION="token", **WIDE), address),
    )
    token = initial_token(runtime, org.id)
    told = program.register(token, **LEAST).json
    assert program.call("GET", told).status_code == 200

    make.change(org, is_active=False)

    body = {"client_id": told["client_id"], **LEAST}
    for method in ("GET", "PUT", "DELETE"):
        assert program.call(method, told, json=body).status_code == 401, method


def initial_token(runtime: Runtime, org_id: Any) -> str:
    with unit_of_work(runtime, Origin("test")) as ctx:
        token: str = add_registration_token(ctx, org_id, uses=1, hours=1).token
    return token


def test_a_device_is_not_told_what_a_person_is_called_at_a_host_of_others(
    http: FlaskClient, make: Factory
):
    """Pairwise names are for who is led to the host, or has proven it; not in two steps, either."""
    org = make.organization()
    headers, root = make.bearer(make.member(org, Role.ADMIN)), f"/api/v1/organizations/{org.id}"
    named = {"subject_type": "pairwise", "redirect_uris": ["https://rp.example/cb"]}
    named |= {"sector_identifier_uri": "https://rp.example/sector.json", "name": "App"}
    device = {"grant_types": ["authorization_code", GRANT]}

    assert http.post(f"{root}/clients", json=named | device, headers=headers).status_code == 400
    made = http.post(f"{root}/clients", json=named, headers=headers)
    assert made.status_code == 201, made.text
    path = f"{root}/clients/{made.json['data']['client']['id']}"
    assert http.patch(path, json=device, headers=headers).status_code == 400
