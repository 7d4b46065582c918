"""The OpenAPI document: complete, fresh, and true to what the service answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Factory

COPY = Path(__file__).resolve().parents[1] / "docs" / "api" / "openapi.json"

SECRETS = {"token", "password", "password_hash", "client_secret", "hash", "sealed"}


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


def in_braces(rule: str) -> str:
    """A rule of Flask as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def test_every_route_is_in_it_with_all_that_a_client_needs(app: Flask, document: dict[str, Any]):
    described = dict(operations(document))
    served = {
        f"{method} {in_braces(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/v1", "/api/health", "/oidc/begin", "/oidc/complete"))
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
        if name.endswith("Out") and SECRETS & set(schema["properties"])
    }

    born = {"AcceptedOut", "LoggedInOut", "OwnInviteOut", "RegisteredOut", "TokenOut"}
    assert holders == born | {"NewClientOut", "NewHostTokenOut", "NewRegistrationTokenOut"}


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


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.timeout(300)
def test_every_answer_to_made_up_requests_is_as_documented(make_app: Any, make: Factory):
    from tests.made_up import what_is_wrong  # noqa: PLC0415 - takes seconds, here alone

    failures = what_is_wrong(make_app(RATELIMIT_ENABLED="false"), make)

    assert not failures, "\n\n".join(failures)
