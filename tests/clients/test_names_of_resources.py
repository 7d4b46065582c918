"""Which organization has the name of an API, and which client is its server (RFC 8707)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from gatehouse.clients.models import ResourceName
from gatehouse.clients.rules.resources import domains_over, normal
from gatehouse.core.roles import Role
from gatehouse.core.runtime import Runtime
from gatehouse.domains.models import DomainStatus, OrganizationDomain
from tests.clients.conftest import Manager
from tests.clients.test_managing import wrong
from tests.factories import Factory
from tests.relying import Rp, make_client


def refusable(manager: Manager, **fields: Any) -> Any:
    """Ask for a new client."""
    sent = {"name": "App", "redirect_uris": ["https://app.example.com/callback"]}
    return manager.call("POST", json={**sent, **fields})


@pytest.mark.unit
@pytest.mark.parametrize(
    ("uri", "one"),
    [
        ("https://API.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("https://api.example.com:443/v1//", "https://api.example.com/v1"),
        ("http://api.example.com:80", "http://api.example.com"),
        ("https://api.example.com.:8443/", "https://api.example.com:8443"),
        ("https://api.example.com/%7euser/%2f?", "https://api.example.com/~user/%2F"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://api.example.com?a=%41", "https://api.example.com?a=A"),
        ("urn:example:Things", "urn:example:Things"),
    ],
)
def test_a_name_has_one_form(uri: str, one: str):
    assert normal(uri) == one
    assert normal(one) == one


@pytest.mark.unit
def test_a_host_lies_in_domains_the_nearest_first():
    over = ("a.example.co.uk", "example.co.uk", "co.uk")
    assert domains_over("https://A.example.co.uk:8443/x") == over
    assert domains_over("urn:example:things") == ()
    assert domains_over("http://localhost") == ()


@pytest.fixture
def api() -> str:
    return f"https://{uuid4().hex}.example.com"


@pytest.fixture
def stranger(admin: Manager, make: Factory) -> Manager:
    org = make.organization()
    return Manager(admin.http, org, make.bearer(make.member(org, Role.ADMIN)))


def test_a_resource_belongs_to_one_organization_and_has_one_server(
    admin: Manager, stranger: Manager, open_app: Flask, db: Session, api: str
):
    """Threat 41."""
    made, theirs = admin.create(audiences=[api]), stranger.create()
    user = admin.create()

    assert wrong(admin.change(user, audiences=[api])) == {"audiences"}
    assert admin.change(user, resources=[api]).status_code == 200
    policy = {"subject_clients": [], "audiences": [api], "scopes": []}
    for setting, value in (
        ("audiences", [api]),
        ("resources", [api]),
        ("token_exchange_policy", policy),
    ):
        answer = stranger.change(theirs, **{setting: value})
        assert wrong(answer) == {setting}
        assert "Belongs to somebody else." in answer.text
        assert admin.org.name not in answer.text
    assert admin.change(made, audiences=[]).status_code == 200
    # It is still named, so it is still theirs.
    assert wrong(stranger.change(theirs, resources=[api])) == {"resources"}
    assert admin.call("DELETE", f"/{user['id']}").status_code == 200
    assert db.scalar(select(ResourceName).where(ResourceName.name == api)) is None
    assert stranger.change(theirs, audiences=[api]).status_code == 200
    assert wrong(admin.change(made, resources=[api])) == {"resources"}
    own = f"{open_app.extensions['gatehouse'].settings.app_url}/api/v1"
    assert wrong(admin.change(made, resources=[own])) == {"resources"}


def test_a_name_in_other_letters_is_the_same_name(admin: Manager, stranger: Manager, api: str):
    """Threat 41."""
    admin.create(resources=[f"{api}/v1"])
    theirs = stranger.create()
    host = api.removeprefix("https://")

    for name in (
        f"https://{host.upper()}/v1",
        f"{api}:443/v1",
        f"{api}/v1/",
        f"{api}/%761",
        f"{api}./v1",
    ):
        assert wrong(stranger.change(theirs, resources=[name])) == {"resources"}, name
    for name in (f"{api}/V1", f"{api}/v2", f"{api}:8443/v1"):
        assert stranger.change(theirs, resources=[name]).status_code == 200, name


def prove(runtime: Runtime, org_id: UUID, domain: str) -> None:
    row = OrganizationDomain(
        org_id=org_id, domain=domain, challenge="x", status=DomainStatus.VERIFIED
    )
    with runtime.writing() as db:
        db.add(row)
        db.commit()


def test_whoever_proves_the_domain_has_its_resources(
    admin: Manager, stranger: Manager, runtime: Runtime, db: Session, api: str
):
    """Threat 41: one who was faster is left without, and cannot come back."""
    squatter, owned = stranger.create(audiences=[api]), admin.create()
    domain = api.removeprefix("https://")
    assert wrong(admin.change(owned, audiences=[api])) == {"audiences"}

    prove(runtime, admin.org.id, domain)

    assert wrong(refusable(stranger, resources=[f"https://payroll.{domain}"])) == {"resources"}
    assert admin.change(owned, audiences=[api]).status_code == 200
    assert wrong(stranger.change(squatter, name="Other")) == {"audiences"}
    row = db.scalars(select(ResourceName).where(ResourceName.name == api)).one()
    assert (row.org_id, str(row.server_id)) == (admin.org.id, owned["id"])


def test_one_of_many_who_name_a_resource_at_once_gets_it(
    admin: Manager, make: Factory, open_app: Flask, db: Session, api: str
):
    """Threat 41."""
    managers = [
        Manager(open_app.test_client(), org, make.bearer(make.member(org, Role.ADMIN)))
        for org in (make.organization() for _ in range(6))
    ]

    with ThreadPoolExecutor(len(managers)) as threads:
        named = [{"resources": [api]}, {"audiences": [api]}] * 3
        answers = list(threads.map(lambda one, sent: refusable(one, **sent), managers, named))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1, statuses
    assert set(statuses) <= {201, 400, 409}
    assert len(db.scalars(select(ResourceName).where(ResourceName.name == api)).all()) == 1


def test_tokens_are_exchanged_for_what_is_ones_own(admin: Manager, stranger: Manager, api: str):
    """Threat 43."""
    made, other, theirs = admin.create(), admin.create(), stranger.create()

    for audience, status in (
        (other["client_id"], 200),
        (api, 200),
        (theirs["client_id"], 400),
        ("payroll", 400),
    ):
        policy = {"subject_clients": [], "audiences": [audience], "scopes": []}
        assert admin.change(made, token_exchange_policy=policy).status_code == status, audience


def test_a_token_is_for_what_the_organization_has_now(
    open_app: Flask, make: Factory, runtime: Runtime, address: str, api: str
):
    """Threat 41: what was granted while nobody had proved the domain ends with the proof."""
    org, owner = make.organization(), make.organization()
    settings = {"resources": [api], "scopes": ["things"], "grant_types": ["client_credentials"]}
    rp = Rp(open_app, make_client(runtime, org, **settings), address)
    machine = {"grant_type": "client_credentials", "scope": "things", "resource": api}
    assert rp.token(**machine).status_code == 200

    prove(runtime, owner.id, api.removeprefix("https://"))

    answer = rp.token(**machine)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")
