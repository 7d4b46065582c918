"""The results as tables for a reader and as JSON for a program."""

import os
import platform
from statistics import median
from typing import Any

from benchmarks.measures import Measured, Side
from benchmarks.rows import Row, Unit

Results = list[tuple[Row, Measured | str]]

FIGURES = "{:<32} {:>9}  {:<13} {:>9} {:>8}  {}"
PARTS = "{:<32} {:<11} {:>9} {:>10} {:>8} {:>8} {:>10}"


def machine(*, are_apart: bool) -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "cores": os.cpu_count(),
        "is_server_on_its_own_core": are_apart,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def tables(results: Results, *, are_apart: bool) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in machine(are_apart=are_apart).items())
    return "\n".join([facts, "", *_figures(results), "", *_parts(results)])


def _figures(results: Results) -> list[str]:
    lines = [FIGURES.format("", "median", "min - max", "floor", "goal", "verdict")]
    for row, measured in results:
        limits = (_limit(row.unit, row.floor), _limit(row.unit, row.goal))
        if isinstance(measured, str):
            lines.append(FIGURES.format(row.title, "-", "-", *limits, "DID NOT RUN"))
            lines.append(f"    {measured}")
            continue
        value = row.unit.text.format(median(measured.values))
        reach = f"{min(measured.values):.2f} - {max(measured.values):.2f}"
        lines.append(FIGURES.format(row.title, value, reach, *limits, row.verdict(measured)))
    return lines


def _limit(unit: Unit, limit: float | None) -> str:
    return "" if limit is None else f"{unit.sign} {limit:g}"


def _parts(results: Results) -> list[str]:
    """The two sides of every ratio. The latencies are those of a server at its limit."""
    heads = ("answers/s", "CPU us each", "p50 ms", "p99 ms", "load busy")
    lines = [PARTS.format("", "", *heads)]
    for row, measured in results:
        if isinstance(measured, str):
            continue
        lines += [
            PARTS.format(row.title, side.name, *_numbers(side))
            for side in (measured.ours, measured.peer)
            if side is not None
        ]
    return lines


def _numbers(side: Side) -> tuple[str, ...]:
    if not side.is_server:
        return (f"{side.rate:,.1f}", "-", "-", "-", "-")
    return (
        f"{side.rate:,.1f}",
        f"{side.microseconds:,.0f}",
        f"{side.percentile(50):.2f}",
        f"{side.percentile(99):.2f}",
        f"{side.busy:.0%}",
    )


def as_json(results: Results, *, are_apart: bool) -> dict[str, Any]:
    rows = {row.name: _row(row, measured) for row, measured in results}
    return {"machine": machine(are_apart=are_apart), "rows": rows}


def _row(row: Row, measured: Measured | str) -> dict[str, Any]:
    told = {"title": row.title, "floor": row.floor, "goal": row.goal}
    if isinstance(measured, str):
        return told | {"error": measured}
    sides = {"ours": measured.ours, "peer": measured.peer}
    return told | {
        "verdict": row.verdict(measured),
        "median": median(measured.values),
        "values": measured.values,
        **{name: _side(side) for name, side in sides.items() if side is not None},
    }


def _side(side: Side) -> dict[str, Any]:
    told = {"name": side.name, "answers_per_second": side.rate}
    if not side.is_server:
        return told
    return told | {
        "cpu_microseconds": side.microseconds,
        "p50_milliseconds": side.percentile(50),
        "p99_milliseconds": side.percentile(99),
        "load_busy": side.busy,
    }
