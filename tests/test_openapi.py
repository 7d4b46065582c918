"""The OpenAPI document: complete, fresh, and true to what the service answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatehouse.core.roles import Role
from tests.factories import Factory

COPY = Path(__file__).resolve().parents[1] / "docs" / "api" / "openapi.json"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
)
EXAMPLES = 8  # of each operation


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return client.get("/api/openapi.json").json


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_the_committed_copy_is_fresh(document: dict[str, Any]):
    assert json.loads(COPY.read_text()) == document, "Run: make openapi"


def test_every_route_is_in_it_with_all_that_a_client_needs(app: Flask, document: dict[str, Any]):
    described = dict(operations(document))
    served = {
        f"{method} {rule.rule.replace('<uuid:', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/v1", "/api/health"))
    }

    assert set(described) == served
    assert len({one["operationId"] for one in described.values()}) == len(described)
    for name, one in described.items():
        assert one["summary"].endswith("."), name
        assert "security" in one, name
        assert any(status.startswith("2") for status in one["responses"]), name
        assert "503" in one["responses"], name


def test_no_secret_leaves_in_any_answer_but_where_it_is_born(document: dict[str, Any]):
    holders = {
        name
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Out")
        and {"token", "password", "password_hash"} & set(schema["properties"])
    }

    assert holders == {"LoggedInOut", "RegisteredOut"}


def test_the_page_to_read_it_loads_only_our_own_files(client: FlaskClient):
    page = client.get("/api/docs")

    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"].split("style-src")[0]
    for name in ("swagger-ui/swagger-ui-bundle.js", "swagger-ui/swagger-ui.css", "api-docs.js"):
        assert f"assets/{name}" in page.text
        with client.get(f"/api/docs/assets/{name}") as file:
            assert file.status_code == 200
    assert "http" not in page.text.replace("https://", "http").split("<body>")[1]


def test_nothing_but_those_files_can_be_fetched(client: FlaskClient):
    for name in ("../openapi.py", "..%2fopenapi.py", "swagger-ui/../../settings.py", "nothing"):
        assert client.get(f"/api/docs/assets/{name}").status_code == 404


class Caller:
    """An owner with an organization and a member, made anew whenever a request has ended it."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self._client = app.test_client()
        self._make = make
        self._headers: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        probe = f"/api/v1/organizations/{self._ids.get('org_id')}"
        if self._client.get(probe, headers=self._headers).status_code != 200:
            org = self._make.organization()
            owner = self._make.member(org, Role.OWNER)
            member = self._make.member(org)
            self._headers = self._make.bearer(owner)
            self._ids = {"org_id": str(org.id), "user_id": str(member.user_id)}
        return self._headers

    def aim(self, case: Any) -> None:
        """Replace made-up ids by those of things that exist, so that requests get somewhere."""
        for name in set(case.path_parameters or {}) & set(self._ids):
            case.path_parameters[name] = self._ids[name]


@pytest.mark.integration
@pytest.mark.timeout(300)
def test_every_answer_to_made_up_requests_is_as_documented(make_app: Any, make: Factory):
    app = make_app(RATELIMIT_ENABLED="false")
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    caller = Caller(app, make)
    failures = [
        f"{mode.name} {operation.ok().label}: {failure}"
        for operation in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if (failure := examine(operation.ok(), caller, mode))
    ]

    assert not failures, "\n\n".join(failures)


def examine(operation: Any, caller: Caller, mode: GenerationMode) -> str:
    """Send made-up requests to one operation; return what was wrong with an answer, if any.

    A wrong body must be refused. Unknown parameters of a query are ignored, by our own rule.
    """
    has_wrong_body = mode is GenerationMode.NEGATIVE and list(operation.body)
    checks = (*CHECKS, negative_data_rejection) if has_wrong_body else CHECKS

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        headers = caller.headers()
        if mode is GenerationMode.POSITIVE:
            caller.aim(case)
        case.call_and_validate(checks=checks, headers=headers)

    try:
        sent()
    except Unsatisfiable:
        return ""  # An operation without input: nothing about a request to it can be wrong.
    except FailureGroup as group:
        return "; ".join(f"{failure.title}: {failure.message}" for failure in group.exceptions)
    return ""
