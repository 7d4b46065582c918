"""Bad input is told what is wrong and what would be right, in plain words."""

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from gatehouse.core.errors import Invalid
from gatehouse.core.fields import (
    Address,
    Flag,
    Instant,
    Paragraphs,
    Password,
    QueryFlag,
    Text,
    WebAddress,
    Whole,
)
from gatehouse.core.roles import Role
from gatehouse.core.words import in_plain_words, load


class Everything(Schema):
    address = Address()
    flag = Flag()
    number = fields.Integer()
    password = Password()
    paragraphs = Paragraphs(100)
    role = fields.Enum(Role, by_value=True)
    seen = QueryFlag()
    since = Instant(data_key="from")
    text = Text(most=10)
    user_id = fields.UUID()
    web = WebAddress()
    whole = Whole()


class Small(Schema):
    email = Address(required=True)
    password = Password(required=True)


def broken(schema: Schema, data, also=None):
    with pytest.raises(Invalid) as refused:
        load(in_plain_words(schema), data, also)
    return refused.value.details


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("address", 7, "Must be an e-mail address such as kim@example.com."),
        ("flag", "true", "Must be true or false, without quotes."),
        ("number", "x", "Must be a whole number."),
        ("password", 7, "Must be text in quotes."),
        ("paragraphs", [], "Must be text in quotes."),
        ("role", "boss", "Must be one of: owner, admin, member, guest."),
        ("seen", "maybe", "Must be true or false, without quotes."),
        ("from", "yesterday", "Must be a time such as 2026-01-31T12:00:00Z."),
        ("from", "2026-01-31T12:00:00", "Must be a time such as 2026-01-31T12:00:00Z."),
        ("from", "0001-01-01T00:00:00+14:00", "Out of range. Name a year from 1 to 9999."),
        ("text", {}, "Must be text in quotes."),
        ("user_id", "x", "Must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057."),
        ("web", "x", "Must be an address such as https://example.com/logo.png."),
        ("web", 7, "Must be an address such as https://example.com/logo.png."),
        ("whole", "x", "Must be a whole number of at most 9 digits."),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_the_right_one(field, value, right):
    assert broken(Everything(), {field: value}) == {field: [right]}


def test_what_is_no_address_is_called_one_way():
    with pytest.raises(ValidationError) as refused:
        Address().deserialize("nobody")

    (message,) = refused.value.messages
    assert message == "Must be an e-mail address. An address must have an @-sign."


def test_what_is_missing_or_null_is_told_what_to_send():
    assert broken(Small(), {"password": None}) == {
        "email": ["Missing. Send an e-mail address such as kim@example.com."],
        "password": ["Must not be null. Send text in quotes."],
    }


GOOD = {"email": "a@b.example", "password": "x"}
TAKES = "This endpoint takes: email, password."


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("e_mail", " Did you mean email?"),
        ("Password", " Did you mean password?"),
        ("shoe_size", ""),
        ("_schema", ""),
    ],
)
def test_an_unknown_field_is_told_the_ones_that_exist(name, guess):
    assert broken(Small(), {**GOOD, name: 1}) == {name: [f"Unknown field.{guess} {TAKES}"]}


def test_of_many_fields_there_are_not_all_are_named():
    many = Schema.from_dict({f"field_{n}": fields.String() for n in range(31)})()

    (said,) = broken(many, {"field_x": 1})["field_x"]

    assert said.startswith("Unknown field. Did you mean field_")
    assert said.endswith("See /api/docs for those that there are.")


def test_what_is_only_read_is_told_so():
    with pytest.raises(Invalid) as refusal:
        load(Small(), {**GOOD, "id": 1, "shoe_size": 2}, read_only=("id", "email"))

    assert refusal.value.details == {
        "id": ["Is only read: it cannot be changed. Leave it out."],
        "shoe_size": [f"Unknown field. {TAKES}"],
    }


def test_a_field_is_called_as_it_is_sent():
    (said,) = broken(Everything(), {"since": "x"})["since"]

    assert "from" in said
    assert "since" not in said


def test_what_a_stranger_sends_is_repeated_up_to_a_bound():
    names = {f"{number:03}" + "x" * 10_000: 1 for number in range(100)}

    said = broken(Small(), {**GOOD, **names})

    assert len(said) == 21
    assert max(map(len, said)) == 100
    assert said["body"] == [f"80 more unknown fields. {TAKES}"]


def test_a_query_may_hold_what_nobody_knows():
    assert load(in_plain_words(Small(unknown=EXCLUDE)), {**GOOD, "utm": "x"}) == GOOD


def test_what_no_schema_can_find_is_told_along():
    seen = []

    def also(valid):
        seen.append(valid)
        return {"password": ["Use another one."], "email": ["Use another one, too."]}

    said = broken(Small(), {"email": "x", "password": "y"}, also)

    assert seen == [{"password": "y"}]
    assert said["password"] == ["Use another one."]
    assert len(said["email"]) == 2


def test_what_is_valid_is_not_asked_again():
    assert load(in_plain_words(Small()), GOOD, also=lambda valid: pytest.fail("asked")) == GOOD
