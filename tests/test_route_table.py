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
from gatehouse.core.headers import MOST_BYTES
from gatehouse.core.identifiers import WORDS_BESIDE_IDS
from gatehouse.core.roles import Role
from gatehouse.core.settings import read_settings
from gatehouse.registry import domains
from tests.factories import Factory
from tests.test_openapi import COPY, in_braces

DOCUMENT = json.loads(COPY.read_text())
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
# A field of no route, a body that is not JSON, and one that is too large.
UNWANTED = (
    ("application/json", b'{"nonsense": 1}', 400),
    ("text/plain", b"nonsense", 415),
    ("application/json", b" " * (MOST_BYTES + 1), 413),
)
FEW = 20  # calls
WRONG_IDS = ("1", "not-a-uuid", "%00", "..%2f..", "0" * 36, "{x}")
BAD_AUTHORIZATION = ("Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpw", "Bearer a b", "B" * 65_000)
# What routes below a thing of an organization take: the id shall be wrong, not the body.
RIGHT_BODIES: dict[str, Any] = {
    "compromise_key": lambda _ids: {"reason": "lost"},
    "give_permission": lambda ids: {"user_id": str(ids["user_id"])},
    "change_role": lambda _: {"role": "member"},
    "add_department_member": lambda ids: {"user_id": str(ids["user_id"])},
    "add_principal_member": lambda ids: {"user_id": str(ids["user_id"])},
    "approve_for_member": lambda _: {"reason": "We met."},
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


def routes_below(*roots: str) -> list[Route]:
    app = create_app(read_settings({"FLASK_ENV": "testing", "LOG_LEVEL": "error"}))
    return sorted(
        (
            Route(method, rule.rule, rule.endpoint, frozenset(rule.arguments))
            for rule in app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
            if rule.rule.startswith(roots)
        ),
        key=str,
    )


ROUTES = routes_below("/api/v1", "/api/health")
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


def is_as_documented(route: Route, reply: Any) -> bool:
    """Whether the document names this status of this route, and this type of error under it."""
    operation = DOCUMENT["paths"][in_braces(route.rule)][route.method.lower()]
    said = operation["responses"].get(str(reply.status_code), {"description": ""})
    return reply.json["error"]["type"] in said["description"].split(" or ")


class Scene:
    """An organization with somebody in every place, and a stranger; made anew when it was changed.

    ``scene.bearer("admin")`` is the header of an administrator, ``scene.ids`` names things of the
    organization by the names that routes give them.
    """

    def __init__(self, make: Factory) -> None:
        self._make, self._people = make, {}
        self._bearers: dict[str, dict[str, str]] = {}
        self.has_changed = False
        with make.together():
            self._settle(make)

    def _settle(self, make: Factory) -> None:
        self.org = make.organization()
        owner, member = self.who("owner"), make.member(self.org)
        make.authority(self.org)
        department = make.department(self.org, member)
        self.ids = {
            "org_id": self.org.id,
            "user_id": member.user_id,
            "session_id": make.session_id(owner.user_id),
            "department_id": department.id,
            "principal_id": make.principal(self.org, member, department).id,
            "invite_id": make.invite(self.org).id,
            "client_row_id": make.client(self.org).id,
        }

    def who(self, place: str) -> Any:
        if place not in self._people:
            self._people[place] = self._someone(place)
        return self._people[place]

    def bearer(self, place: str) -> dict[str, str]:
        if place not in self._bearers:
            self._bearers[place] = self._make.bearer(self.who(place))
        return self._bearers[place]

    def _someone(self, place: str) -> Any:
        if place == "stranger":
            return self._make.member(self._make.organization(), Role.OWNER)
        if place == "suspended":
            member = self._make.member(self.org, Role.ADMIN)
            self._make.change(member, suspended_at=member.created_at)
            return member
        return self._make.member(self.org, Role(place))

    def sent(self, client: FlaskClient, place: str, route: Route, **options: Any) -> Any:
        """Send a request as somebody; what is done may have ended session, rights or all, and
        what may be done few times has been done once.
        """
        headers = {**self.bearer(place), **options.pop("headers", {})}
        reply = sent(client, route, options.pop("ids", self.ids), headers=headers, **options)
        has_few_left = int(reply.headers.get("X-RateLimit-Remaining", FEW)) < FEW
        self.has_changed |= has_few_left or (route.method != "GET" and reply.status_code < 300)
        return reply


@pytest.fixture(scope="session")
def scenes(make: Factory) -> list[Scene]:
    return [Scene(make)]


@pytest.fixture
def scene(make: Factory, scenes: list[Scene]) -> Scene:
    if scenes[0].has_changed:
        scenes[0] = Scene(make)
    return scenes[0]


@of_signed_in_routes
def test_anonymous_callers_are_asked_to_sign_in(client: FlaskClient, route: Route):
    reply = sent(client, route, {})

    assert (reply.status_code, reply.json["error"]["type"]) == (401, "AUTH_REQUIRED")


@of_tenant_routes
def test_strangers_learn_nothing_of_an_organization(
    client: FlaskClient, scene: Scene, route: Route
):
    reply = scene.sent(client, "stranger", route)
    missing = scene.sent(client, "stranger", route, ids={**scene.ids, "org_id": uuid4()})

    assert reply.status_code == missing.status_code == 404
    assert scene.org.slug not in reply.text
    assert reply.json["message"] == missing.json["message"]


@of_tenant_routes
def test_suspended_members_are_told_so(client: FlaskClient, scene: Scene, route: Route):
    reply = scene.sent(client, "suspended", route)

    assert (reply.status_code, reply.json["error"]["type"]) == (403, "MEMBERSHIP_SUSPENDED")
    assert is_as_documented(route, reply)


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if "org_id" in r.arguments and len(r.arguments) > 1], ids=str
)
def test_things_of_another_organization_are_not_found(
    client: FlaskClient, scene: Scene, route: Route
):
    foreign = {**scene.ids, "org_id": scene.who("stranger").org_id}
    body = RIGHT_BODIES.get(route.endpoint.split(".")[-1], lambda _: {})(foreign)

    reply = scene.sent(client, "stranger", route, ids=foreign, json=body)

    assert reply.status_code == 404


@of_signed_in_routes
def test_no_member_ever_causes_an_error_of_ours(
    client: FlaskClient, make: Factory, scene: Scene, route: Route
):
    for role in MEMBERS:
        if scene.has_changed:
            scene = Scene(make)
        reply = scene.sent(client, role, route)

        assert reply.status_code < 300 or is_refusal(reply), role
        assert reply.status_code < 300 or is_as_documented(route, reply), role


@of_all_routes
def test_junk_is_refused_in_the_envelope(client: FlaskClient, scene: Scene, route: Route):
    json_said = {"Content-Type": "application/json"}
    for junk in JUNK:
        reply = scene.sent(client, "owner", route, headers=json_said, data=junk)
        if reply.status_code < 300:
            break  # It takes no body: the next would tell nothing else.

        assert is_refusal(reply), junk[:40]
        assert is_as_documented(route, reply), junk[:40]


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=str)
def test_a_body_that_nobody_takes_is_refused_as_documented(
    client: FlaskClient, scene: Scene, route: Route
):
    for content_type, data, status in UNWANTED:
        reply = scene.sent(
            client, "owner", route, headers={"Content-Type": content_type}, data=data
        )

        assert reply.status_code in (status, 403), data[:20]  # Operators alone get further.
        assert is_as_documented(route, reply), data[:20]


def test_the_words_that_stand_where_ids_do_are_known():
    rules = {route.rule.replace("<uuid:", "<") for route in ROUTES}
    beside = {
        word
        for rule in rules
        for other in rules
        if (word := _word_at_an_id(rule.split("/"), other.split("/")))
    }

    assert beside == set(WORDS_BESIDE_IDS)


def _word_at_an_id(parts: list[str], others: list[str]) -> str:
    """The one part in which a path differs from another, if that has an id there."""
    pairs = [(part, other) for part, other in zip(parts, others, strict=False) if part != other]
    if len(parts) != len(others) or len(pairs) != 1 or not pairs[0][1].endswith("_id>"):
        return ""
    return pairs[0][0]


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
def test_a_wrong_id_is_named(client: FlaskClient, scene: Scene, route: Route):
    for wrong in WRONG_IDS:
        ids = dict.fromkeys(route.arguments, wrong)

        reply = scene.sent(client, "stranger", route, ids=ids)

        assert reply.status_code in (400, 404), wrong
        assert is_refusal(reply), wrong
        if "/" not in wrong and "%2f" not in wrong:
            assert set(reply.json["error"]["details"]) <= route.arguments, wrong


@of_signed_in_routes
def test_a_bad_authorization_header_is_a_401(client: FlaskClient, route: Route):
    for header in BAD_AUTHORIZATION:
        reply = sent(client, route, {}, headers={"Authorization": header})

        assert reply.status_code == 401, header[:20]
        assert reply.headers["WWW-Authenticate"].startswith("Bearer"), header[:20]
        json.loads(reply.data)
