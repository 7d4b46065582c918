"""Clients over REST: made, read, changed, deleted, given new secrets (rulings 27, 31)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from gatehouse.audit.models import AuditEntry
from gatehouse.clients.models import Client, RegistrationToken, ResourceName
from gatehouse.clients.queries import find_client
from gatehouse.clients.service.writing import SEALED_FOR
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from tests.clients.conftest import Manager
from tests.factories import Factory
from tests.relying import Person, Rp, basic

BACK = "https://app.example.com/callback"


def token(admin: Manager, client_id: str, secret: str) -> Any:
    """Ask for a token of the client itself."""
    data = {"grant_type": "client_credentials"}
    return admin.http.post("/oidc/token", data=data, headers=basic(client_id, secret))


def wrong(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.text
    return set(answer.json["error"]["details"])


def test_a_client_is_made_and_its_secret_told_once(admin: Manager, db: Session):
    made = admin.create(redirect_uris=f"{BACK}\nhttps://b.example.com/cb, http://localhost/cb")

    assert made["redirect_uris"] == [BACK, "https://b.example.com/cb", "http://localhost/cb"]
    assert (made["require_pkce"], made["access_policy"]) == (True, "organizations")
    assert (made["is_confidential"], made["is_active"], made["is_trusted"]) == (True, True, False)
    secret = made["client_secret"]
    assert len(secret) == 53
    shown = admin.read(made)
    assert secret not in str(shown)
    assert "client_secret" not in shown
    assert set(shown["secrets"][0]) == {"id", "created_at", "expires_at"}
    row = db.scalar(select(Client).where(Client.client_id == made["client_id"]))
    assert secret not in str(row.secrets)
    listed = admin.call("GET").json["data"]
    assert listed["count"] == 1
    assert {
        *("id", "name", "client_id", "redirect_uris", "scopes", "grant_types", "is_active"),
        "created_at",
    } <= set(listed["clients"][0])


def test_a_client_that_is_not_confidential_has_no_secret(admin: Manager):
    made = admin.create(is_confidential=False)

    assert made["client_secret"] is None
    assert (made["token_endpoint_auth_method"], made["secrets"]) == ("none", [])
    answer = admin.call("POST", f"/{made['id']}/rotate-secret")
    assert (answer.status_code, answer.json["error"]["type"]) == (409, "CONFLICT")
    answer = admin.call(
        "POST",
        json={"name": "A", "is_confidential": False, "token_endpoint_auth_method": "none"},
    )
    assert wrong(answer) == {"redirect_uris"}
    sent = {"is_confidential": True, "token_endpoint_auth_method": "none"}
    assert wrong(admin.change(made, **sent)) == {"is_confidential"}


def test_a_client_becomes_public_and_confidential_again(admin: Manager):
    made = admin.create()

    assert admin.change(made, is_confidential=False).status_code == 200
    assert admin.read(made)["secrets"] == []
    assert admin.change(made, is_confidential=True).status_code == 200
    assert token(admin, made["client_id"], made["client_secret"]).status_code == 401
    assert len(admin.rotate(made)) == 53


def test_what_is_wrong_is_named_all_at_once(admin: Manager):
    sent = {
        "name": "",
        "redirect_uris": ["javascript:alert(1)"],
        "logo_uri": "http://a.example.com/x.png",
        "code_lifetime": "60",
        "min_acr": "best",
        "nonsense": 1,
    }

    assert wrong(admin.call("POST", json=sent)) == set(sent)


def test_a_change_is_checked_with_all_that_stays(admin: Manager):
    made = admin.create(grant_types=["authorization_code", "refresh_token"])

    assert wrong(admin.change(made, redirect_uris=[])) == {"redirect_uris"}
    assert wrong(admin.change(made, refresh_token_idle=31_536_000)) == {"refresh_token_idle"}
    assert wrong(admin.change(made, token_endpoint_auth_method="private_key_jwt")) == {"jwks"}
    assert wrong(admin.change(made, redirect_uris=None)) == {"redirect_uris"}
    assert admin.read(made)["grant_types"] == ["authorization_code", "refresh_token"]


def test_one_answer_names_all_that_is_wrong(admin: Manager):
    """By kind, by value, by what does not go together, and what is only read."""
    sent = {"redirect_uris": ["x"], "is_confidential": True, "token_endpoint_auth_method": "none"}
    wanted = {"redirect_uris", "is_confidential", "allowed_org_ids"}
    elsewhere = {"allowed_org_ids": [str(uuid4())]}
    assert wrong(admin.call("POST", json={"name": "A", **sent, **elsewhere})) == wanted
    wanted = {"name", "redirect_uris", "is_confidential", "include_org", "code_lifetime"}
    kinds = {"name": 5, "include_org": "yes", "code_lifetime": 1}
    assert wrong(admin.call("POST", json={**kinds, **sent})) == wanted


def test_what_was_read_says_what_of_it_cannot_be_sent_back(admin: Manager):
    made = admin.create()
    read = admin.read(made)

    answer = admin.change(made, **read)

    only_read = {"id", "client_id", "is_built_in", "secrets", "created_at", "updated_at"}
    assert wrong(answer) == only_read | {"last_used_at"}
    said = {text for texts in answer.json["error"]["details"].values() for text in texts}
    assert said == {"Is only read: it cannot be changed. Leave it out."}
    rest = {name: value for name, value in read.items() if name not in wrong(answer)}
    assert admin.change(made, **rest).status_code == 200


def test_a_change_is_on_record_by_its_fields(admin: Manager, db: Session):
    made = admin.create()

    admin.change(made, name="Other", logo_uri="https://app.example.com/logo.png")
    admin.change(made, name="Other")

    rows = db.scalars(select(AuditEntry).where(AuditEntry.action == "client.changed"))
    (row,) = [row for row in rows if str(row.resource_id) == made["id"]]
    assert set(row.details["fields"]) == {"name", "logo_uri"}


# what is asked, and whether an admin and an owner may
OF_OWNERS = {"access_policy": "everyone"}
OF_OPERATORS = ({"is_trusted": True}, {"consent": "skip"})


def test_only_an_owner_lets_everyone_in(as_role: Any):
    admin, owner = as_role(Role.ADMIN), as_role(Role.OWNER)
    made = admin.create()

    refused = admin.change(made, **OF_OWNERS)
    assert (refused.status_code, set(refused.json["error"]["details"])) == (403, set(OF_OWNERS))
    assert owner.change(made, **OF_OWNERS).status_code == 200
    assert admin.change(made, name="Still").status_code == 200
    assert admin.change(made, access_policy="organizations").status_code == 200
    assert owner.change(made, **OF_OPERATORS[0]).status_code == 403


@pytest.mark.parametrize("asked", OF_OPERATORS, ids=str)
def test_only_an_operator_trusts_a_client(make: Factory, as_role: Any, asked: dict[str, Any]):
    operator = as_role(Role.ADMIN, user=make.user(is_operator=True))
    owner = as_role(Role.OWNER)

    sent = {"name": "A", "redirect_uris": [BACK], **asked}
    refused = owner.call("POST", json=sent)
    assert (refused.status_code, set(refused.json["error"]["details"])) == (403, set(asked))
    made = operator.create(**asked)
    assert owner.change(made, name="Other").status_code == 200
    moved = {"redirect_uris": ["https://b.example.com/cb"], "min_acr": "mfa"}
    refused = owner.change(made, **moved)
    assert (refused.status_code, set(refused.json["error"]["details"])) == (403, set(moved))
    assert operator.change(made, **moved).status_code == 200


def test_nothing_of_other_organizations_is_named(admin: Manager, make: Factory):
    other = make.organization()
    made = admin.create()
    department, foreign = make.department(admin.org), make.department(other)

    assert wrong(admin.change(made, allowed_org_ids=[str(other.id)])) == {"allowed_org_ids"}
    groups = {"access_policy": "groups", "allowed_group_ids": [str(department.id), str(foreign.id)]}
    assert wrong(admin.change(made, **groups)) == {"allowed_group_ids"}
    groups["allowed_group_ids"].pop()
    groups["allowed_org_ids"] = [str(admin.org.id)]
    assert admin.change(made, **groups).status_code == 200


def test_an_old_secret_lives_on_for_the_overlap(admin: Manager):
    made = admin.create(grant_types=["client_credentials"], redirect_uris=[])
    name, first = made["client_id"], made["client_secret"]

    second = admin.rotate(made, overlap_seconds=3600)
    assert [token(admin, name, one).status_code for one in (first, second)] == [200, 200]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3601)):
        assert [token(admin, name, one).status_code for one in (first, second)] == [401, 200]
    third = admin.rotate(made)
    said = [token(admin, name, one).status_code for one in (first, second, third)]
    assert said == [401, 200, 200]
    ends = [secret["expires_at"] is None for secret in admin.read(made)["secrets"]]
    assert ends == [False, True]
    fourth = admin.rotate(made, overlap_seconds=0)
    said = [token(admin, name, one).status_code for one in (second, third, fourth)]
    assert said == [401, 401, 200]
    assert len(admin.read(made)["secrets"]) == 1


@pytest.mark.parametrize("seconds", [-1, 2_592_001, True, "60", 1.5])
def test_an_overlap_is_a_number_of_seconds(admin: Manager, seconds: Any):
    made = admin.create()

    sent = {"overlap_seconds": seconds}
    answer = admin.call("POST", f"/{made['id']}/rotate-secret", json=sent)
    assert wrong(answer) == {"overlap_seconds"}


def test_a_secret_that_signs_can_be_read_again_by_us_alone(admin: Manager, runtime: Runtime):
    made = admin.create(token_endpoint_auth_method="client_secret_jwt")

    known = find_client(runtime, made["client_id"])
    sealed = known.secrets[0]["sealed"]
    assert made["client_secret"] not in str(known.secrets)
    assert runtime.keyring.open(sealed, SEALED_FOR).decode() == made["client_secret"]
    assert "sealed" not in str(admin.read(made))


def test_deleting_a_client_leaves_nothing(admin: Manager):
    made = admin.create(grant_types=["client_credentials"], redirect_uris=[])
    given = token(admin, made["client_id"], made["client_secret"]).json["access_token"]
    assert given

    assert admin.call("DELETE", f"/{made['id']}").status_code == 200

    assert admin.call("GET", f"/{made['id']}").status_code == 404
    assert token(admin, made["client_id"], made["client_secret"]).status_code == 401


@pytest.mark.parametrize("how", ["switched off", "deleted"])
def test_what_it_was_given_ends_at_once(
    admin: Manager, make: Factory, open_app: Flask, address: str, db: Session, how: str
):
    """Threat 24."""
    made = admin.create(
        grant_types=["authorization_code", "refresh_token"],
        scopes=["openid", "offline_access"],
    )
    user = make.user()
    make.member(admin.org, user=user)
    person = Person(open_app, user.email, REMOTE_ADDR=address)
    row = db.scalar(select(Client).where(Client.client_id == made["client_id"]))
    rp = Rp(open_app, row, address)
    secret = basic(made["client_id"], made["client_secret"])
    page = person.go_through(rp.url(scope="openid offline_access"))
    code = page.headers["Location"].partition("code=")[2].partition("&")[0]
    tokens = rp.redeem(code, headers=secret).json
    assert rp.userinfo(tokens["access_token"]).status_code == 200

    if how == "deleted":
        admin.call("DELETE", f"/{made['id']}")
    else:
        admin.change(made, is_active=False)

    assert rp.userinfo(tokens["access_token"]).status_code == 401
    assert rp.refresh(tokens["refresh_token"], headers=secret).status_code == 401
    if how == "switched off":
        admin.change(made, is_active=True)
        answer = rp.refresh(tokens["refresh_token"], headers=secret)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
        assert rp.userinfo(tokens["access_token"]).status_code == 401


def test_a_deleted_organization_holds_no_resource_and_registers_nothing(
    as_role: Any, make: Factory, db: Session
):
    """Threat 24."""
    owner = as_role(Role.OWNER)
    api = f"https://{uuid4().hex}.example.com"
    made = owner.create(grant_types=["client_credentials"], redirect_uris=[], audiences=[api])
    owner.call("POST", "/registration-tokens", json={})
    assert token(owner, made["client_id"], made["client_secret"]).status_code == 200

    answer = owner.http.delete(f"/api/v1/organizations/{owner.org.id}", headers=owner.bearer)

    assert answer.status_code == 200, answer.text
    assert token(owner, made["client_id"], made["client_secret"]).status_code == 401
    for kind in (ResourceName, RegistrationToken):
        assert db.scalar(select(kind).where(kind.org_id == owner.org.id)) is None


def test_an_address_of_a_certificate_is_shown_as_it_is_compared(admin: Manager):
    sent = {"token_endpoint_auth_method": "tls_client_auth", "redirect_uris": [BACK]}
    made = admin.create(**sent, tls_client_auth_san_ip="2001:DB8:0::1")
    answer = admin.call("POST", json={"name": "A", **sent, "tls_client_auth_san_ip": "1.2.3.400"})

    assert made["tls_client_auth_san_ip"] == "2001:db8::1"
    assert wrong(answer) == {"tls_client_auth_san_ip"}


def test_settings_that_contradict_what_holds_are_refused(admin: Manager):
    made = admin.create(is_confidential=False)

    assert wrong(admin.change(made, require_pkce=False)) == {"require_pkce"}
    assert wrong(admin.change(made, description="a\u202eb")) == {"description"}
    assert admin.change(made, description="a\nb").status_code == 200
