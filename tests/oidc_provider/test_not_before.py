"""Until when nothing counts that a client, or an organization's clients, were given (threat 36)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from gatehouse.clients.models import Client
from gatehouse.clients.queries import find_client
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.oidc_provider.service.tokens import Issue, access_token
from gatehouse.organizations.models import Organization
from tests.oidc_provider.scenes import API, SCOPES, Scene
from tests.relying import Person, Rp, make_client


@pytest.mark.parametrize("what", ["client", "organization"])
def test_an_admin_ends_what_applications_may_do(
    what: str, open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    """Threat 36: a not-before for a client, and for all of an organization."""
    scene = make_scene()
    rp, person = scene.rp, Person(open_app, scene.user.email, REMOTE_ADDR=address)
    other = Rp(open_app, make_client(scene.runtime, scene.org), address)
    tokens = person.tokens_for(rp, scope=SCOPES)
    beside = person.tokens_for(other, scope=SCOPES)
    code = person.code_for(rp)
    place = f"{API}/organizations/{scene.org.id}"
    path = f"{place}/clients/{rp.client.id}/tokens" if what == "client" else f"{place}/tokens"

    refused = scene.http.delete(path, headers=scene.own)
    scene.as_owner("DELETE", path)

    assert refused.status_code == 403
    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert rp.redeem(code).json["error"] == "invalid_grant"
    is_left = what == "client"
    assert (other.userinfo(beside["access_token"]).status_code == 200) is is_left
    assert person.tokens_for(rp, scope=SCOPES)


def own_token(rp: Rp) -> str:
    """A token that a client has for itself."""
    answer = rp.token(grant_type="client_credentials", scope="things:read")
    assert answer.status_code == 200, answer.text
    return str(answer.json["access_token"])


def is_good(token: str, asker: Rp) -> bool:
    return bool(asker.introspect(token).json["active"])


MACHINE = {
    "grant_types": ["client_credentials"],
    "response_types": [],
    "scopes": ["things:read"],
}


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_what_a_client_has_for_itself_does_not_come_back_with_it(
    form: str, make_scene: Callable[..., Scene]
):
    """Threat 36: off and on again within one second; the first token after that is good."""
    scene = make_scene(**MACHINE, access_token_format=form)
    rp, path = scene.rp, f"{API}/organizations/{scene.org.id}/clients/{scene.rp.client.id}"
    before = own_token(rp)
    assert is_good(before, rp)

    scene.as_owner("PATCH", path, is_active=False)
    assert rp.token(grant_type="client_credentials").json["error"] == "invalid_client"
    with unit_of_work(scene.runtime, Origin("test")) as ctx:
        # A request that had begun before the client was off gets its token a moment later.
        known = find_client(ctx.runtime, rp.client_id)
        late = access_token(ctx, known, Issue(sub=rp.client_id, scopes=[])).text
    scene.as_owner("PATCH", path, is_active=True)

    after = own_token(rp)
    assert [is_good(token, rp) for token in (before, late, after)] == [False, False, True]
    scene.as_owner("PATCH", path, name="Another name")
    assert is_good(after, rp)


@pytest.mark.parametrize("what", ["client", "organization"])
def test_an_admin_ends_what_clients_have_for_themselves(
    what: str, open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    """Threat 36."""
    scene = make_scene(**MACHINE)
    other = Rp(open_app, make_client(scene.runtime, scene.org, **MACHINE), address)
    stranger = Rp(
        open_app, make_client(scene.runtime, scene.make.organization(), **MACHINE), address
    )
    places = {"client": f"clients/{scene.rp.client.id}/tokens", "organization": "tokens"}
    given = [(own_token(rp), rp) for rp in (scene.rp, other, stranger)]

    scene.as_owner("DELETE", f"{API}/organizations/{scene.org.id}/{places[what]}")

    expected = [False, what == "client", True]
    assert [is_good(token, rp) for token, rp in given] == expected
    assert is_good(own_token(scene.rp), scene.rp)


def test_the_strictest_end_counts(make_scene: Callable[..., Scene]):
    """Threat 36: of a client and of its organization, in either order."""
    scene = make_scene()
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)

    for of_client, of_organization in ((early, late), (late, early), (None, late), (late, None)):
        with unit_of_work(scene.runtime, Origin("test")) as ctx:
            ctx.outwait_leases()
            ctx.db.get(Client, scene.rp.client.id).tokens_not_before = of_client
            ctx.db.get(Organization, scene.org.id).tokens_not_before = of_organization
        found = find_client(scene.runtime, scene.rp.client_id)
        assert found is not None
        assert found.has_ended(late)
        assert not found.has_ended(late + timedelta(milliseconds=1))
