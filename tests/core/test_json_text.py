"""How deep the JSON of others may be nested."""

import json
from typing import Any

import orjson
import pytest

from gatehouse.core.json_text import DEEPEST, in_words, read_json


def nested(levels: int, *, inner: Any = 1) -> Any:
    """Lists and objects in turn."""
    for level in range(levels):
        inner = [inner, 1] if level % 2 else {"x": inner, "y": 1}
    return inner


@pytest.mark.parametrize("levels", [0, 1, DEEPEST - 1, DEEPEST])
def test_what_is_nested_a_little_is_read(levels: int):
    assert read_json(orjson.dumps(nested(levels))) == nested(levels)


@pytest.mark.parametrize("levels", [DEEPEST + 1, 100, 253, 300, 900, 5000])
def test_what_is_nested_deeper_is_refused(levels: int):
    for opens, closes in (("[", "]"), ('{"x":', "}")):
        with pytest.raises(orjson.JSONDecodeError, match="depth limit"):
            read_json(f"{opens * levels}1{closes * levels}")


def test_brackets_in_text_are_no_levels():
    text = json.dumps({"x": "[" * 500 + "{" * 500})

    assert read_json(text) == {"x": "[" * 500 + "{" * 500}


def test_another_bound_can_be_named():
    assert read_json(orjson.dumps(nested(DEEPEST + 1)), deepest=DEEPEST + 1)
    with pytest.raises(orjson.JSONDecodeError):
        read_json("[[]]", deepest=1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Kim", "Kim"),
        (["read", "send"], "read, send"),
        ({"eur": 3}, "eur: 3"),
        ({"y": [1]}, '{"y":[1]}'),
        ([1], "[1]"),
        (True, "true"),
        ("3 \u202e001", "3 \ufffd001"),
        (["a\u200b"], "a\ufffd"),
    ],
)
def test_what_is_simple_is_said_in_words(value: object, said: str):
    """RAR-03."""
    assert in_words(value) == said
