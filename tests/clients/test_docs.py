"""docs/clients.md tells of every setting, with the default that it has."""

import re
from dataclasses import fields
from pathlib import Path

import orjson

from gatehouse.clients.rules import Options, problems_of
from gatehouse.clients.rules.checks import Scene

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text()


def test_every_setting_is_in_the_table_with_its_default():
    told = dict(re.findall(r"^\| `([a-z_0-9]+)` \| `([^`]+)` \| \S", PAGE, re.MULTILINE))

    defaults = {field.name: field.default for field in fields(Options)}
    held = {n: list(d) if isinstance(d, tuple) else d for n, d in defaults.items()}
    assert {name: orjson.loads(default) for name, default in told.items()} == held


def test_the_examples_are_right():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    made = re.search(r"-d '(\{\n.*?\n  \})'", PAGE, re.DOTALL)

    settings = {"redirect_uris": ["https://a.example.com/"], **orjson.loads(example)}
    assert problems_of(settings, Scene()) == {}
    settings = orjson.loads(made[1])
    assert settings.pop("name")
    assert problems_of(settings, Scene()) == {}
