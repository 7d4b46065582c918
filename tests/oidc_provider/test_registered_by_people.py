"""Whoever manages the clients of an organization registers one at ``/oidc/register``, too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from gatehouse.accounts.events import AccountDisowned
from gatehouse.accounts.models import AccountStatus
from gatehouse.audit.models import AuditEntry
from gatehouse.audit.service import record
from gatehouse.clients.models import Client, RegistrationToken, ResourceName
from gatehouse.clients.service.naming import take_names
from gatehouse.clients.service.registering import add_registration_token
from gatehouse.clients.service.writing import MOST_CLIENTS, MOST_OF_NOBODY
from gatehouse.core.context import Origin, unit_of_work
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import SESSION, hash_token, mint
from gatehouse.organizations.models import Organization
from tests.conftest import WIDE
from tests.factories import Factory
from tests.oidc_provider.programs import LEAST, OPEN, Program
from tests.proving import Signer
from tests.relying import ISSUER, Person, Rp

FILLER = b"x" * 32
LOOPBACK = "http://127.0.0.1:53682/callback"


@pytest.fixture
def program(common_app: Any, address: str) -> Program:
    return Program(common_app(OIDC_REGISTRATION="token", **WIDE), address)


@pytest.fixture
def org(make: Factory) -> Organization:
    return make.organization()


def token_of(make: Factory, who: Any) -> str:
    return make.bearer(who)["Authorization"].removeprefix("Bearer ")


def error_of(reply: Any, status: int) -> tuple[str, str]:
    assert reply.status_code == status, reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.json.keys() == {"error", "error_description"}
    return reply.json["error"], reply.json["error_description"]


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
@pytest.mark.parametrize("registration", ["token", "open"])
def test_who_manages_clients_registers_one(
    make_app: Any, address: str, make: Factory, org: Organization, db: Session, role: Role,
    registration: str,
):  # fmt: skip
    """DCR-01, DCR-12: it is the organization's, and the record names the person."""
    program = Program(make_app(**{**OPEN, "OIDC_REGISTRATION": registration}), address)
    member = make.member(org, role)

    reply = program.register(token_of(make, member), **LEAST, organization_id=str(org.id))

    assert reply.status_code == 201, reply.text
    told = reply.json
    assert told.keys() >= {"client_id", "client_secret", "registration_access_token"}
    row = db.scalar(select(Client).where(Client.client_id == told["client_id"]))
    assert (row.org_id, row.created_by_id) == (org.id, member.user_id)
    assert row.settings["access_policy"] == "organizations"
    entry = db.scalar(select(AuditEntry).where(AuditEntry.resource_id == row.id))
    assert (entry.action, entry.actor_id) == ("client.created", member.user_id)
    assert entry.details["came_by"] == "registration"
    assert program.call("GET", told).status_code == 200


def test_the_command_line_registers_a_client_for_a_person(
    program: Program, open_app: Flask, runtime: Runtime, make: Factory, org: Organization,
    address: str,
):  # fmt: skip
    user = make.user()
    make.member(org, Role.ADMIN, user=user)
    with runtime.reading() as db:
        row = db.scalar(select(Client).where(Client.client_id == "gatehouse-cli"))
    cli, person = Rp(open_app, row, address), Person(open_app, user.email, REMOTE_ADDR=address)
    asked = {"redirect_uri": LOOPBACK, "scope": "openid api", "resource": f"{ISSUER}/api/v1"}
    tokens = cli.redeem(person.code_for(cli, **asked), redirect_uri=LOOPBACK).json
    signer, sent = Signer(), {**LEAST, "organization_id": str(org.id)}
    shown, code = {"DPoP": signer.proof()}, person.code_for(cli, **asked)
    bound = cli.redeem(code, redirect_uri=LOOPBACK, headers=shown).json["access_token"]

    def register_bound(scheme: str) -> Any:
        proof = signer.proof(f"{ISSUER}/oidc/register", token=bound)
        headers = {"Authorization": f"{scheme} {bound}", "DPoP": proof}
        return program.http.post("/oidc/register", json=sent, headers=headers)

    made = program.register(tokens["access_token"], **sent)
    other = program.register(tokens["id_token"], **sent)

    assert made.status_code == 201, made.text
    assert error_of(other, 401)[0] == "invalid_token"
    assert register_bound("DPoP").status_code == 201
    refused = register_bound("Bearer")
    assert error_of(refused, 401)[0] == "invalid_token"
    assert refused.headers["WWW-Authenticate"].startswith("DPoP ")


def test_the_organization_is_to_be_named(program: Program, make: Factory, org: Organization):
    token = token_of(make, make.member(org, Role.OWNER))

    for sent in (
        {},
        {"organization_id": None},
        {"organization_id": org.slug},
        {"organization_id": 5},
    ):
        error, says = error_of(program.register(token, **LEAST, **sent), 400)
        assert (error, says[:17]) == ("invalid_client_metadata", "organization_id: ")
    wrong = {"redirect_uris": ["x"], "organization_id": str(org.id)}
    assert error_of(program.register(token, **wrong), 400)[0] == "invalid_redirect_uri"


def test_nobody_else_registers_for_an_organization(
    program: Program, make: Factory, org: Organization, db: Session
):
    """Threat 25: what a stranger hears of an organization is what is said of one that is not."""
    member, stranger = make.member(org), make.member(make.organization(), Role.OWNER)
    barred = make.member(org, Role.ADMIN, suspended_at=datetime.now(UTC))

    def refused(who: Any, org_id: UUID) -> tuple[str, str]:
        sent = {**LEAST, "organization_id": str(org_id)}
        return error_of(program.register(token_of(make, who), **sent), 403)

    assert refused(member, org.id)[0] == "access_denied"
    assert refused(stranger, org.id) == refused(stranger, uuid4()) == refused(member, org.id)
    assert "suspended" in refused(barred, org.id)[1]
    assert db.scalar(select(Client).where(Client.org_id == org.id)) is None
    entries = select(AuditEntry.actor_id).where(
        AuditEntry.action == "access.refused", AuditEntry.org_id == org.id
    )
    assert set(db.scalars(entries)) == {member.user_id, barred.user_id}


def test_a_token_that_is_no_good_is_refused(program: Program, make: Factory, org: Organization):
    owner, gone = make.member(org, Role.OWNER), make.user()
    make.member(org, Role.ADMIN, user=gone)
    ended, of_suspended = token_of(make, owner), token_of(make, gone)
    out = program.http.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {ended}"})
    assert out.status_code == 200
    make.change(gone, status=AccountStatus.SUSPENDED)

    for token in (ended, of_suspended, mint(SESSION), f"{SESSION}x", "a.b.c", "x", "two words"):
        reply = program.register(token, **LEAST, organization_id=str(org.id))
        error, says = error_of(reply, 401)
        assert error == "invalid_token"
        assert "gia_" in says
        assert reply.headers["WWW-Authenticate"].startswith('Bearer realm="gatehouse"')
    other = program.http.post("/oidc/register", json=LEAST, headers={"Authorization": "Basic eA=="})
    assert error_of(other, 401)[0] == "invalid_token"


def test_who_shows_nothing_registers_for_no_organization(
    make_app: Any, address: str, org: Organization
):
    program = Program(make_app(**OPEN), address)

    reply = program.register(**LEAST, organization_id=str(org.id))

    assert error_of(reply, 401)[0] == "invalid_token"
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="gatehouse"'


def test_an_initial_access_token_is_for_its_own_organization(
    program: Program, runtime: Runtime, make: Factory, org: Organization, db: Session
):
    """DCR-12: and is not used up by a refusal."""
    with unit_of_work(runtime, Origin("test")) as ctx:
        own = add_registration_token(ctx, org.id, uses=1, hours=1).token
        of_none = add_registration_token(ctx, None, uses=1, hours=1).token
    other = {**LEAST, "organization_id": str(make.organization().id)}

    for token in (own, of_none):
        error, says = error_of(program.register(token, **other), 403)
        assert (error, says[:17]) == ("access_denied", "organization_id: ")
    assert program.register(own, **LEAST, organization_id=str(org.id)).status_code == 201
    assert program.register(of_none, **LEAST).status_code == 201


def test_people_register_as_often_as_they_make_clients(
    make_app: Any, address: str, make: Factory, org: Organization
):
    program = Program(make_app(**{**OPEN, "RATELIMIT_REGISTRATION": "1/hour"}), address)
    token = token_of(make, make.member(org, Role.ADMIN))

    replies = [
        program.register(token, **LEAST, organization_id=str(org.id)) for _ in range(3)
    ]  # fmt: skip

    assert [reply.status_code for reply in replies] == [201] * 3
    assert [reply.headers["X-RateLimit-Limit"] for reply in replies] == ["300"] * 3


def fill(runtime: Runtime, number: int, **columns: Any) -> None:
    """Write so many clients."""
    now = datetime.now(UTC)
    rows = [
        {"id": uuid4(), "client_id": uuid4().hex, "name": "App", "settings": {}, "secrets": []}
        | {"created_at": now, "updated_at": now, "is_active": True, "is_trusted": False}
        | {"is_built_in": False, **columns}
        for _ in range(number)
    ]
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.db.execute(insert(Client), rows)


@pytest.fixture
def room_again(runtime: Runtime) -> Iterator[None]:
    """Takes away what fills the instance."""
    yield
    with unit_of_work(runtime, Origin("test")) as ctx:
        ctx.execute(delete(Client).where(Client.registration_token_hash == FILLER))


def test_an_organization_has_so_many_clients_however_they_came(
    program: Program, runtime: Runtime, make: Factory, org: Organization, db: Session
):
    """DCR-12: also of many that come at the same moment, by either kind of token, and by REST."""
    fill(runtime, MOST_CLIENTS - 2, org_id=org.id)
    headers = make.bearer(make.member(org, Role.OWNER))
    person = headers["Authorization"].removeprefix("Bearer ")
    with unit_of_work(runtime, Origin("test")) as ctx:
        initial = add_registration_token(ctx, org.id, uses=9, hours=1).token
    path, usual = f"/api/v1/organizations/{org.id}/clients", {"name": "App", **LEAST}

    def come(way: str) -> int:
        one = Program(program.app, "127.0.0.1")
        if way == "rest":
            return int(one.http.post(path, json=usual, headers=headers).status_code)
        token = person if way == "person" else initial
        return int(one.register(token, **LEAST, organization_id=str(org.id)).status_code)

    with ThreadPoolExecutor(6) as threads:
        said = list(threads.map(come, ["initial", "person", "rest"] * 2))

    assert sorted(said) == [201, 201, 409, 409, 409, 409]
    count = select(func.count()).select_from(Client).where(Client.org_id == org.id)
    assert db.scalar(count) == MOST_CLIENTS
    left = select(RegistrationToken.uses_left).where(
        RegistrationToken.token_hash == hash_token(initial)
    )
    assert db.scalar(left) == 9 - [said[0], said[3]].count(201)


@pytest.mark.usefixtures("room_again")
def test_so_many_clients_without_an_organization_register_themselves(
    make_app: Any, runtime: Runtime, address: str, db: Session
):
    """DCR-12: also of many that come at the same moment."""
    program = Program(make_app(**OPEN), address)
    ours = Client.org_id.is_(None) & Client.registration_token_hash.is_not(None)
    count = select(func.count()).select_from(Client).where(ours)
    missing = MOST_OF_NOBODY - 2 - db.scalar(count)
    db.rollback()
    fill(runtime, missing, registration_token_hash=FILLER)

    def come(_: int) -> Any:
        return Program(program.app, address).register(**LEAST)

    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(come, range(4)))

    assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409]
    full = next(reply for reply in replies if reply.status_code == 409)
    assert "initial access token" in error_of(full, 409)[1]


def test_a_client_that_unregisters_holds_no_resource(
    program: Program, make: Factory, org: Organization, runtime: Runtime, db: Session
):
    """Threat 41: others may have what its managers named for it."""
    owner, api = token_of(make, make.member(org, Role.OWNER)), f"https://{uuid4().hex}.example.com"
    told = program.register(owner, **LEAST, organization_id=str(org.id)).json
    with unit_of_work(runtime, Origin("test")) as ctx:
        row = ctx.db.scalar(select(Client).where(Client.client_id == told["client_id"]))
        row.settings = {**row.settings, "audiences": [api]}
        take_names(ctx, row)

    assert program.call("DELETE", told).status_code == 204

    assert db.scalar(select(ResourceName).where(ResourceName.name == api)) is None


@pytest.mark.parametrize("what", ["demoted", "removed", "suspended", "disowned"])
def test_a_registration_is_closed_to_who_manages_clients_no_more(
    program: Program, client: FlaskClient, runtime: Runtime, make: Factory, org: Organization,
    what: str,
):  # fmt: skip
    """Threat 33: what an admin kept leads no one elsewhere when they are one no more. What a
    program was given with an initial access token stays the program's.
    """
    owner = make.bearer(make.member(org, Role.OWNER))
    member = make.member(org, Role.ADMIN)
    told = program.register(token_of(make, member), **LEAST, organization_id=str(org.id)).json
    initial = f"/api/v1/organizations/{org.id}/clients/registration-tokens"
    made = client.post(initial, json={"uses": 2, "hours": 1}, headers=make.bearer(member))
    kept = made.json["data"]["registration_token"]["token"]
    of_program = program.register(kept, **LEAST).json
    place = f"/api/v1/organizations/{org.id}/members/{member.user_id}"

    if what == "disowned":
        with unit_of_work(runtime, Origin("test")) as ctx:
            record(ctx, AccountDisowned(user_id=member.user_id))
    else:
        method, path, body = {
            "demoted": ("PATCH", f"{place}/role", {"role": "member"}),
            "removed": ("DELETE", place, None),
            "suspended": ("POST", f"{place}/suspend", {}),
        }[what]
        answer = client.open(path, method=method, json=body, headers=owner)
        assert answer.status_code < 300, answer.text

    away = {"client_id": told["client_id"], "redirect_uris": ["https://elsewhere.example/cb"]}
    assert error_of(program.call("PUT", told, json=away), 401)[0] == "invalid_token"
    for method in ("GET", "DELETE"):
        assert error_of(program.call(method, told), 401)[0] == "invalid_token"
    assert program.call("GET", of_program).status_code == 200
    assert error_of(program.register(kept, **LEAST), 401)[0] == "invalid_token"
