"""The envelope: exactly these keys, whatever happened."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from uuid import UUID

import pytest

from gatehouse.core import envelope
from gatehouse.core.errors import (
    Conflict,
    Forbidden,
    GatehouseError,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)

KEYS = {"version", "success", "code", "message", "request_id"}


class Word(StrEnum):
    ONE = "one"


def test_a_success_has_exactly_its_keys():
    answer = json.loads(envelope.success("r-1", status=HTTPStatus.CREATED, data={"a": 1}))

    assert answer == {
        "version": "1.0",
        "success": True,
        "code": 201,
        "message": "Created",
        "request_id": "r-1",
        "data": {"a": 1},
        "meta": {},
    }


def test_without_data_there_is_an_empty_object_and_never_null():
    answer = json.loads(envelope.success("r-1"))

    assert set(answer) == KEYS | {"data", "meta"}
    assert (answer["data"], answer["meta"]) == ({}, {})


@pytest.mark.parametrize("data", [[], 0, False, "", {}])
def test_data_that_is_empty_stays_what_it_is(data):
    assert json.loads(envelope.success("r-1", data=data))["data"] == data


def test_a_refusal_has_exactly_its_keys():
    answer = json.loads(
        envelope.refusal(
            "r-1", status=HTTPStatus.CONFLICT, error_type="CONFLICT", message="", details=None
        )
    )

    assert answer == {
        "version": "1.0",
        "success": False,
        "code": 409,
        "message": "Conflict",
        "request_id": "r-1",
        "error": {"type": "CONFLICT", "details": {}},
    }


def test_ready_bytes_are_set_in_as_they_are():
    made = envelope.encode({"user": {"id": UUID(int=1), "at": datetime(2026, 1, 2, tzinfo=UTC)}})

    answer = envelope.success("r-1", data=envelope.ready(made))

    assert made in answer
    assert json.loads(answer)["data"]["user"] == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-01-02T00:00:00Z",
    }


def test_the_same_answer_is_made_of_ready_bytes_and_of_values():
    data = {"a": [1, None, True, "ü\n\u2028"], "b": {"c": 0.5}}

    ready = envelope.success("r-1", data=envelope.ready(envelope.encode(data)))

    assert ready == envelope.success("r-1", data=data)


@pytest.mark.parametrize("fact", [UUID(int=1), Word.ONE, object(), {1, 2}, b"x"])
def test_any_fact_of_a_refusal_can_be_told(fact):
    status = HTTPStatus.BAD_REQUEST
    text = envelope.refusal("r", status=status, error_type="X", message="m", details={"a": fact})

    assert json.loads(text)["error"]["details"]["a"] is not None


def test_hostile_text_cannot_leave_its_string():
    evil = '"},"success":true,"x":{"y":"\r\n\x00</script>'

    text = envelope.refusal("r", status=HTTPStatus.BAD_REQUEST, error_type="X", message=evil)

    assert json.loads(text)["message"] == evil
    assert json.loads(text)["success"] is False
    assert b"\n" not in text


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Invalid(email=["x"]), 400, "VALIDATION_ERROR"),
        (Unauthenticated(), 401, "AUTHENTICATION_ERROR"),
        (Forbidden(), 403, "AUTHORIZATION_ERROR"),
        (NotFound(), 404, "NOT_FOUND"),
        (Conflict(), 409, "CONFLICT"),
        (TooManyRequests(retry_after=7), 429, "RATE_LIMIT_EXCEEDED"),
        (GatehouseError(), 500, "INTERNAL_ERROR"),
    ],
)
def test_every_kind_of_error_has_a_status_and_a_type(error, status, kind):
    assert (error.status, error.type) == (status, kind)
    assert str(error).endswith(".")


def test_a_refusal_of_too_many_says_when_to_come_back():
    error = TooManyRequests(retry_after=7)

    assert ("Retry-After", "7") in error.headers
    assert error.details == {"retry_after": 7}


def test_errors_do_not_share_their_details():
    one, other = Invalid(a=["x"]), Invalid()
    one.headers.append(("X", "1"))

    assert other.details == {}
    assert other.headers == []


def test_a_field_may_have_any_name():
    error = Invalid.fields({"self": ["Unknown field."], "message": ["Unknown field."]})

    assert set(error.details) == {"self", "message"}
