"""What is said of a JSON body that cannot be read."""

import json

import pytest

from gatehouse.core.errors import BadRequest, Invalid
from gatehouse.core.json_body import read_object

HALF = b"\\ud800"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"full_name": "' + HALF + b'"}', "full_name"),
        (b'{"a": "right", "full_name" : "Kim ' + HALF + b'"}', "full_name"),
        (b'{"a": "\\udc00 low"}', "a"),
        (b'{"a": "\\ud83d\\ud83d twice"}', "a"),
        (b'{"a": "b\\": \\"c ' + HALF + b'"}', "a"),
        ('{"näme": "ä'.encode() + HALF + b'"}', "näme"),
        (b'{"a": ["x", "' + HALF + b'"]}', "body"),
        (b'{"' + HALF + b'": 1}', "body"),
        (b'{"a": "' + b"x" * 20_000 + HALF + b'"}', "body"),
    ],
)
def test_the_field_with_half_a_character_is_named(raw: bytes, name: str):
    with pytest.raises(Invalid) as refusal:
        read_object(raw)

    (field, (says,)) = next(iter(refusal.value.details.items()))
    assert field == name
    assert "Send whole ones" in says
    json.dumps(refusal.value.details).encode()


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "Nest at most 16 levels deep."),
        (b'{"a": "\xff"}', "Send it in UTF-8."),
        (b"\xef\xbb\xbf{}", "without a byte order mark"),
        (b'{"a": 1', "line 1 column 8"),
        (b'{"a": 1,}', "line 1"),
    ],
)
def test_what_would_be_right_is_said(raw: bytes, right: str):
    with pytest.raises(BadRequest) as refusal:
        read_object(raw)

    assert right in refusal.value.details["body"][0]


@pytest.mark.parametrize("raw", [b"[]", b"null", b"7", b'"x"'])
def test_only_an_object_will_do(raw: bytes):
    with pytest.raises(Invalid):
        read_object(raw)


def test_levels_that_are_few_enough_are_read():
    assert read_object(b'{"a": ' + b"[" * 15 + b"]" * 15 + b"}")
    assert read_object(b"") == {}
    assert read_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"a": 1, "b": {"c": 1, "d": [{}], "c" : 2}}', "c"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
        (b'{"a\\"": 1, "b": "x", "a\\"": 2}', 'a"'),
        (b'{"' + b"n" * 300 + b'": 1, "' + b"n" * 300 + b'": 2}', "n" * 100),
        (b'{"": 1, "": 2}', ""),
    ],
)
def test_a_name_that_stands_twice_is_refused(raw: bytes, name: str):
    """RFC 8259 4: which of them counts is for nobody to guess."""
    with pytest.raises(Invalid) as refusal:
        read_object(raw)

    assert refusal.value.details == {name: ["Stands there twice. Send each name once."]}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "a", "b": ["a", "a"], "c": {"a": {"a": 1}}, "d": [{"a": 1}, {"a": 2}]}',
        b'{"a": "\\"a\\": 1, \\"a\\": 2, {[", "A": "}"}',
    ],
)
def test_a_name_in_several_places_stands_in_each_once(raw: bytes):
    assert read_object(raw)
