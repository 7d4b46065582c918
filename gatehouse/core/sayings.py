"""Marks for words that people read: English text that can be said in another language later.

A Saying is a ``str``, so whoever knows nothing of languages (the API, logs, mails) has the English
words. A page says it in the language of its reader: ``Language.say``. ``docs/languages.md`` has
the rules; ``python -m scripts.words`` finds the marks.
"""

from datetime import datetime
from typing import Any, Self


class Saying(str):
    """A sentence in English, and what it was made of: ``msgid`` with places for ``values``.

    ``many`` is the ``msgid`` for other numbers than one; ``values["n"]`` is the number.
    """

    __slots__ = ("many", "msgid", "values")

    msgid: str
    many: str | None
    values: dict[str, Any]

    def __new__(cls, msgid: str, many: str | None, values: dict[str, Any]) -> Self:
        text = msgid if many is None or values["n"] == 1 else many
        self = super().__new__(cls, text % {name: _plain(one) for name, one in values.items()})
        self.msgid, self.many, self.values = msgid, many, values
        return self

    def format(self, *_args: object, **_values: object) -> Self:
        """Itself: Marshmallow formats every message, and the values of this one are in it."""
        return self


def _(msgid: str, **values: Any) -> str:
    """Mark a sentence. Its values stand in it as ``%(name)s``."""
    return Saying(msgid, None, values)


def _n(one: str, many: str, n: int, **values: Any) -> str:
    """Mark a sentence about a number, ``%(n)s``."""
    return Saying(one, many, {"n": n, **values})


def _plain(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value
