"""Cells of a table that people open in a spreadsheet, which must not calculate them."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def defused(value: Any) -> str:
    """A cell's text. What a spreadsheet might take for a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = orjson.dumps(value).decode()
    elif isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_rows(rows: Iterable[Iterable[Any]]) -> bytes:
    """Rows as RFC 4180 has them: commas, CRLF, quotes where they are needed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(map(defused, row) for row in rows)
    return out.getvalue().encode()
