"""What ends tokens and codes: at once, and for good (RT-12, REV-02; threats 24, 33, 87, 180, 181).

Each case is done to somebody who has a refresh token, an access token and a code that is not yet
redeemed. Giving back what was taken brings none of them back.
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.accounts.events import EmailChangeUndone, PasswordReset
from gatehouse.accounts.service.standing import suspend_account, unsuspend_account
from gatehouse.audit.service import record
from gatehouse.clients.models import Client
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.models import Organization
from tests.factories import PASSWORD, Factory
from tests.oidc_provider.scenes import API, SCOPES, Scene
from tests.relying import Person, Rp, make_client


def remove(scene: Scene) -> None:
    scene.as_owner("DELETE", scene.place)


def add_again(scene: Scene) -> None:
    scene.make.member(scene.org, user=scene.member)  # type: ignore[arg-type]


def suspend(scene: Scene) -> None:
    scene.as_owner("POST", f"{scene.place}/suspend")


def unsuspend(scene: Scene) -> None:
    scene.as_owner("POST", f"{scene.place}/unsuspend")


def leave(scene: Scene) -> None:
    scene.sent(scene.own, "POST", f"{API}/organizations/{scene.org.id}/leave")


def lose_the_role(scene: Scene) -> None:
    scene.as_owner("PATCH", f"{scene.place}/role", role="guest")


def have_the_role_again(scene: Scene) -> None:
    scene.as_owner("PATCH", f"{scene.place}/role", role="member")


def leave_the_department(scene: Scene) -> None:
    path = f"{API}/organizations/{scene.org.id}/departments/{scene.department.id}"
    scene.as_owner("DELETE", f"{path}/members/{scene.member.user_id}")


def join_the_department(scene: Scene) -> None:
    path = f"{API}/organizations/{scene.org.id}/departments/{scene.department.id}"
    scene.as_owner("POST", f"{path}/members", user_id=str(scene.member.user_id))


def delete_the_department(scene: Scene) -> None:
    path = f"{API}/organizations/{scene.org.id}/departments/{scene.department.id}"
    scene.as_owner("DELETE", path)


def withdraw(scene: Scene) -> None:
    found = scene.http.get(f"{API}/users/me/consents", headers=scene.own).json["data"]["consents"]
    scene.sent(scene.own, "DELETE", f"{API}/users/me/consents/{found[0]['id']}")


def change_the_password(scene: Scene) -> None:
    new = "another horse, another battery"
    passwords = {"current_password": PASSWORD, "new_password": new, "new_password_confirm": new}
    scene.sent(scene.own, "POST", f"{API}/users/me/password", **passwords)


def suspend_the_account(scene: Scene) -> None:
    _as_operator(scene, suspend_account)


def unsuspend_the_account(scene: Scene) -> None:
    _as_operator(scene, unsuspend_account)


def _as_operator(scene: Scene, act: Callable[..., Any]) -> None:
    operator = scene.make.user(is_operator=True)
    actor = Actor("operator", operator.id, scene.make.session_id(operator.id))
    with unit_of_work(scene.runtime, Origin("test"), actor) as ctx:
        act(ctx, scene.member.user_id)


def sign_out_everywhere(scene: Scene) -> None:
    scene.sent(scene.own, "DELETE", f"{API}/auth/sessions")


def delete_the_account(scene: Scene) -> None:
    scene.sent(scene.own, "DELETE", f"{API}/users/me", password=PASSWORD)


def narrow_the_policy(scene: Scene) -> None:
    scene.change_client(access_policy="roles", allowed_roles=["owner"])


def narrow_the_policy_as_admin(scene: Scene) -> None:
    path = f"{API}/organizations/{scene.org.id}/clients/{scene.rp.client.id}"
    scene.as_owner("PATCH", path, access_policy="roles", allowed_roles=["owner"])


def widen_the_policy_again(scene: Scene) -> None:
    path = f"{API}/organizations/{scene.org.id}/clients/{scene.rp.client.id}"
    scene.as_owner("PATCH", path, access_policy="organizations")


def reset_the_password(scene: Scene) -> None:
    _happens(scene, PasswordReset)


def undo_a_change_of_address(scene: Scene) -> None:
    _happens(scene, EmailChangeUndone, link_id=scene.org.id)


def _happens(scene: Scene, kind: type[Any], **details: Any) -> None:
    """What follows from an act whose own way takes a mail."""
    with unit_of_work(scene.runtime, Origin("test")) as ctx:
        record(ctx, kind(user_id=scene.member.user_id, **details))


ENDINGS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "removed": ({}, remove, None),
    "membership suspended": ({}, suspend, unsuspend),
    "left": ({}, leave, None),
    "role lost": (
        {"access_policy": "roles", "allowed_roles": ["member"]},
        lose_the_role,
        have_the_role_again,
    ),
    "taken out of the department": (
        {"access_policy": "groups"},
        leave_the_department,
        join_the_department,
    ),
    "department deleted": ({"access_policy": "groups"}, delete_the_department, None),
    "consent withdrawn": ({}, withdraw, None),
    "password changed": ({}, change_the_password, None),
    "password reset": ({}, reset_the_password, None),
    "change of address undone": ({}, undo_a_change_of_address, None),
    "account suspended": ({}, suspend_the_account, unsuspend_the_account),
    "signed out everywhere": ({}, sign_out_everywhere, None),
    "account deleted": ({}, delete_the_account, None),
    "policy narrowed": ({}, narrow_the_policy, None),
    "policy narrowed by an admin": ({}, narrow_the_policy_as_admin, widen_the_policy_again),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_everything_ends_at_once_and_nothing_comes_back(
    name: str, open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    settings, end, give_back = ENDINGS[name]
    scene = make_scene(**settings)
    rp, user = scene.rp, scene.user
    person = Person(open_app, user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(rp, scope=SCOPES)
    without = person.tokens_for(rp, scope="openid")["access_token"]
    code = person.code_for(rp, scope=SCOPES)
    assert rp.introspect(tokens["refresh_token"]).json["active"] is True
    assert rp.userinfo(without).status_code == 200

    end(scene)

    for is_later in (False, True):
        for access in (tokens["access_token"], without):
            assert rp.userinfo(access).status_code == 401
            assert rp.introspect(access).json == {"active": False}
        assert rp.introspect(tokens["refresh_token"]).json == {"active": False}
        assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
        if is_later or not give_back:
            assert rp.redeem(code).json["error"] == "invalid_grant"
            break
        give_back(scene)


@pytest.mark.parametrize("state", ["client switched off", "organization off", "client deleted"])
def test_nothing_of_a_client_holds_that_is_no_more(
    state: str, open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    scene = make_scene()
    rp = scene.rp
    tokens = Person(open_app, scene.user.email, REMOTE_ADDR=address).tokens_for(rp, scope=SCOPES)
    other = Rp(open_app, make_client(scene.runtime, scene.org), address)

    with unit_of_work(scene.runtime, Origin("test")) as ctx:
        ctx.outwait_leases()
        row = ctx.db.get(Client, rp.client.id)
        if state == "client deleted":
            ctx.db.delete(row)
        elif state == "organization off":
            ctx.db.get(Organization, scene.org.id).is_active = False
        else:
            row.is_active = False

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"
    assert rp.introspect(tokens["access_token"]).json["error"] == "invalid_client"
    assert other.introspect(tokens["access_token"]).json.get("active") is not True


def test_a_scope_that_the_client_lost_is_gone_from_its_tokens(
    open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    scene = make_scene()
    rp, person = scene.rp, Person(open_app, scene.user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(rp, scope="openid email offline_access")

    scene.change_client(scopes=["openid", "offline_access"])

    assert rp.userinfo(tokens["access_token"]).json.keys() == {"sub"}
    assert rp.introspect(tokens["access_token"]).json["scope"] == "openid offline_access"
    again = rp.refresh(tokens["refresh_token"]).json
    assert again["scope"] == "openid offline_access"
    assert rp.userinfo(again["access_token"]).json.keys() == {"sub"}


def test_signing_out_everywhere_else_leaves_what_came_of_this_session(
    open_app: Flask, make_scene: Callable[..., Scene], address: str
):
    scene = make_scene()
    rp, email = scene.rp, scene.user.email
    here, there = (Person(open_app, email, REMOTE_ADDR=address) for _ in range(2))
    kept, gone = here.tokens_for(rp, scope=SCOPES), there.tokens_for(rp, scope=SCOPES)

    page = here.open("/security")
    here.post("/sessions/end-others", page)

    assert rp.userinfo(kept["access_token"]).status_code == 200
    assert rp.refresh(kept["refresh_token"]).status_code == 200
    assert rp.userinfo(gone["access_token"]).status_code == 401
    assert rp.refresh(gone["refresh_token"]).json["error"] == "invalid_grant"


def test_a_place_in_one_of_several_organizations_is_enough(
    open_app: Flask, make_scene: Callable[..., Scene], address: str, make: Factory
):
    scene, other = make_scene(), make.organization()
    make.member(other, user=scene.user)
    scene.change_client(allowed_org_ids=[str(other.id)])
    person = Person(open_app, scene.user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(scene.rp, scope=SCOPES)

    own = {"Authorization": f"Bearer {make.session(scene.member.user_id)}"}
    scene.sent(own, "POST", f"{API}/organizations/{other.id}/leave")

    assert scene.rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert scene.rp.userinfo(tokens["access_token"]).status_code == 401


def test_an_organization_that_goes_takes_what_its_applications_have(
    open_app: Flask, runtime: Runtime, make: Factory, client: FlaskClient, address: str
):
    """Threat 180."""
    org = make.organization()
    user = make.user()
    owner = make.member(org, Role.OWNER, user=user)
    rp = Rp(open_app, make_client(runtime, org), address)
    other = Rp(
        open_app,
        make_client(runtime, make.organization(), allowed_org_ids=[str(org.id)]),
        address,
    )
    person = Person(open_app, user.email, REMOTE_ADDR=address)
    found = [(each, person.tokens_for(each, scope=SCOPES)) for each in (rp, other)]

    gone = client.delete(f"{API}/organizations/{org.id}", headers=make.bearer(owner))

    assert gone.status_code == 200, gone.text
    for each, tokens in found:
        error = "invalid_client" if each is rp else "invalid_grant"
        assert each.userinfo(tokens["access_token"]).status_code == 401
        assert each.refresh(tokens["refresh_token"]).json["error"] == error


def test_a_place_in_an_organization_that_is_switched_off_opens_nothing(
    open_app: Flask, make_scene: Callable[..., Scene], address: str, make: Factory
):
    """Threat 180."""
    scene, other = make_scene(), make.organization()
    make.member(other, user=scene.user)
    scene.change_client(allowed_org_ids=[str(other.id)])
    person = Person(open_app, scene.user.email, REMOTE_ADDR=address)
    tokens = person.tokens_for(scene.rp, scope=SCOPES)

    make.change(other, is_active=False)

    assert scene.rp.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert scene.rp.userinfo(tokens["access_token"]).status_code == 401
