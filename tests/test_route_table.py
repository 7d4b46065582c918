"""Every route against everybody. New domains join by themselves: the table is the app's own.

No answer is a 5xx, strangers see nothing of an organization, whoever may not is told so in the
envelope (threats 169, 170, 187, 190, 191, 213).
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gatehouse.app import create_app
from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from gatehouse.registry import domains
from tests.factories import Factory

MEMBERS = (Role.GUEST, Role.MEMBER, Role.ADMIN, Role.OWNER)
JUNK = (
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"12",
    b'{"email": null, "password": [], "name": {}, "role": 5, "slug": 1e999}',
    b'{"email": "a\\u0000b", "password": "\\u0000", "name": "\\u0000", "role": "\\u0000"}',
    b'{"name": "\\ud800", "full_name": "\\ud800"}',
    b"[" * 5000,
    b"\xff\xfe",
    b'{"x": ' + b"9" * 400 + b"}",
)
# What routes below a thing of an organization take: the id shall be wrong, not the body.
RIGHT_BODIES: dict[str, Any] = {
    "change_role": lambda _: {"role": "member"},
    "add_department_member": lambda ids: {"user_id": str(ids["user_id"])},
    "add_principal_member": lambda ids: {"user_id": str(ids["user_id"])},
}
PUBLIC = {
    operation for domain in domains() for api in domain.apis for operation in api.public_endpoints
}


@dataclass(frozen=True)
class Route:
    method: str
    rule: str
    endpoint: str
    arguments: frozenset[str]

    def path(self, ids: dict[str, Any]) -> str:
        found = self.rule
        for name in self.arguments:
            found = found.replace(f"<uuid:{name}>", str(ids.get(name, uuid4())))
        return found

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def all_routes() -> list[Route]:
    app = create_app(read_settings({"FLASK_ENV": "testing", "LOG_LEVEL": "error"}))
    return sorted(
        (
            Route(method, rule.rule, rule.endpoint, frozenset(rule.arguments))
            for rule in app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
            if rule.rule.startswith("/api/v1") or rule.rule.startswith("/api/health")
        ),
        key=str,
    )


ROUTES = all_routes()
of_all_routes = pytest.mark.parametrize("route", ROUTES, ids=str)
of_signed_in_routes = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.endpoint not in PUBLIC], ids=str
)
of_tenant_routes = pytest.mark.parametrize(
    "route", [route for route in ROUTES if "org_id" in route.arguments], ids=str
)


def sent(client: FlaskClient, route: Route, ids: dict[str, Any], **options: Any) -> Any:
    if route.method != "GET" and "data" not in options:
        options["json"] = options.get("json", {})
    return client.open(route.path(ids), method=route.method, **options)


def is_refusal(reply: Any) -> bool:
    body = reply.json
    return (
        400 <= reply.status_code < 500
        and body["success"] is False
        and body["code"] == reply.status_code
        and bool(body["error"]["type"])
        and bool(body["message"])
    )


def ids_of(make: Factory, org: Any, owner: Any) -> dict[str, Any]:
    """Things of this organization, by the names that routes give them."""
    member = make.member(org, Role.MEMBER)
    department = make.department(org, member)
    return {
        "org_id": org.id,
        "user_id": member.user_id,
        "session_id": make.session_id(owner.user_id),
        "department_id": department.id,
        "principal_id": make.principal(org, member, department).id,
        "invite_id": make.invite(org).id,
    }


@of_signed_in_routes
def test_anonymous_callers_are_asked_to_sign_in(client: FlaskClient, route: Route):
    reply = sent(client, route, {})

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "AUTH_REQUIRED")


@of_tenant_routes
def test_strangers_learn_nothing_of_an_organization(
    client: FlaskClient, make: Factory, route: Route
):
    org = make.organization()
    ids = ids_of(make, org, make.member(org, Role.OWNER))
    stranger = make.bearer(make.member(make.organization(), Role.OWNER))

    reply = sent(client, route, ids, headers=stranger)
    missing = sent(client, route, {**ids, "org_id": uuid4()}, headers=stranger)

    assert reply.status_code == missing.status_code == 404
    assert org.slug not in reply.text
    assert reply.json["message"] == missing.json["message"]


@of_tenant_routes
def test_suspended_members_are_told_so(client: FlaskClient, make: Factory, route: Route):
    org = make.organization()
    ids = ids_of(make, org, make.member(org, Role.OWNER))
    suspended = make.member(org, Role.ADMIN)
    make.change(suspended, suspended_at=suspended.created_at)

    reply = sent(client, route, ids, headers=make.bearer(suspended))

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "MEMBERSHIP_SUSPENDED")


@of_tenant_routes
def test_things_of_another_organization_are_not_found(
    client: FlaskClient, make: Factory, route: Route
):
    if route.arguments == {"org_id"}:
        return
    mine, theirs = make.organization(), make.organization()
    owner = make.member(mine, Role.OWNER)
    foreign = ids_of(make, theirs, make.member(theirs, Role.OWNER))

    ids = {**foreign, "org_id": mine.id}
    body = RIGHT_BODIES.get(route.endpoint.split(".")[-1], lambda _: {})(ids)
    reply = sent(client, route, ids, headers=make.bearer(owner), json=body)

    assert reply.status_code == 404


@of_signed_in_routes
@pytest.mark.parametrize("role", MEMBERS)
def test_no_member_ever_causes_an_error_of_ours(
    client: FlaskClient, make: Factory, route: Route, role: Role
):
    org = make.organization()
    ids = ids_of(make, org, make.member(org, Role.OWNER))
    member = make.member(org, role)

    reply = sent(client, route, ids, headers=make.bearer(member))

    assert reply.status_code < 300 or is_refusal(reply)


@of_all_routes
def test_junk_is_refused_in_the_envelope(client: FlaskClient, make: Factory, route: Route):
    org = make.organization()
    owner = make.member(org, Role.OWNER)
    ids = ids_of(make, org, owner)
    headers = {**make.bearer(owner), "Content-Type": "application/json"}

    for junk in JUNK:
        reply = sent(client, route, ids, headers=headers, data=junk)
        assert reply.status_code < 300 or is_refusal(reply), junk[:40]
        if reply.status_code < 300:  # It takes no body, and may have ended the session.
            headers["Authorization"] = make.bearer(owner)["Authorization"]


@of_all_routes
def test_other_methods_are_refused_and_the_right_ones_named(
    app: Flask, client: FlaskClient, route: Route
):
    path = route.path({})
    taken = set(app.url_map.bind("").allowed_methods(path))
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"} - taken:
        reply = client.open(path, method=method)

        assert (reply.status_code, reply.json["error"]["type"]) == (405, "METHOD_NOT_ALLOWED")
        assert route.method in reply.headers["Allow"].split(", ")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.arguments], ids=str)
@pytest.mark.parametrize("wrong", ["1", "not-a-uuid", "%00", "..%2f..", "0" * 36, "{x}"])
def test_a_wrong_id_is_named(client: FlaskClient, make: Factory, route: Route, wrong: str):
    ids = dict.fromkeys(route.arguments, wrong)

    reply = sent(client, route, ids, headers=make.bearer(make.user()))

    assert reply.status_code in (400, 404)
    assert is_refusal(reply)
    if "/" not in wrong and "%2f" not in wrong:
        assert set(reply.json["error"]["details"]) <= route.arguments


@of_signed_in_routes
@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpw", "Bearer a b", "B" * 65_000]
)
def test_a_bad_authorization_header_is_a_401(client: FlaskClient, route: Route, header: str):
    reply = sent(client, route, {}, headers={"Authorization": header})

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    json.loads(reply.data)
