"""Requests that schemathesis makes up from the document, and what was wrong with the answers."""

from typing import Any
from zlib import crc32

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
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

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
)
EXAMPLES = 8  # of each operation, right and wrong, on each database: others on either
ANY_TEXT = {"type": "string", "minLength": 1}


class Caller:
    """An owner with an organization and a member, made anew whenever a request has ended one."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.seed = crc32(app.extensions["gatehouse"].engine.dialect.name.encode())
        self._client = app.test_client()
        self._make = make
        self._headers: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._has_acted = True

    def headers(self) -> dict[str, str]:
        if self._has_acted and not self._is_there():
            org = self._make.organization()
            owner = self._make.member(org, Role.OWNER)
            member = self._make.member(org)
            self._headers = self._make.bearer(owner)
            department = self._make.department(org, member)
            self._ids = {
                "org_id": str(org.id),
                "user_id": str(member.user_id),
                "department_id": str(department.id),
                "principal_id": str(self._make.principal(org, member, department).id),
                "client_row_id": str(self._make.client(org).id),
            }
        return self._headers

    def heed(self, case: Any, answer: Any) -> None:
        """Look again before the next request if this one may have ended session or rights."""
        self._has_acted = case.method != "GET" and answer.status_code < 300

    def _is_there(self) -> bool:
        probe = f"/api/v1/organizations/{self._ids.get('org_id')}"
        return self._client.get(probe, headers=self._headers).status_code == 200

    def aim(self, case: Any) -> None:
        """Replace made-up ids by those of things that exist, so that requests get somewhere."""
        for name in set(case.path_parameters or {}) & set(self._ids):
            case.path_parameters[name] = self._ids[name]


def what_is_wrong(app: Flask, make: Factory) -> list[str]:
    """Send made-up requests, right and wrong ones, to every operation of the document."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    caller = Caller(app, make)
    return [
        f"{mode.name} {operation.ok().label}: {failure}"
        for operation in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or can_be_wrong(operation.ok())
        if (failure := examine(operation.ok(), caller, mode))
    ]


def can_be_wrong(operation: Any) -> bool:
    """Tell whether it is worth looking for a wrong request: any text is a right name in a path."""
    named = [given.definition["schema"] for given in operation.iter_parameters()]
    return bool(list(operation.body)) or any(schema != ANY_TEXT for schema in named)


def examine(operation: Any, caller: Caller, mode: GenerationMode) -> str:
    """Send made-up requests to one operation; return what was wrong with an answer, if any.

    A wrong body must be refused. Unknown parameters of a query are ignored, by our own rule.
    """
    has_wrong_body = mode is GenerationMode.NEGATIVE and list(operation.body)
    checks = (*CHECKS, negative_data_rejection) if has_wrong_body else CHECKS

    @seed(caller.seed)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        headers = caller.headers()
        if mode is GenerationMode.POSITIVE:
            caller.aim(case)
        caller.heed(case, case.call_and_validate(checks=checks, headers=headers))

    try:
        sent()
    except FailureGroup as group:
        return "; ".join(f"{failure.title}: {failure.message}" for failure in group.exceptions)
    return ""
