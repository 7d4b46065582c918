"""Commands of the record: python manage.py audit verify."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from gatehouse.audit.errors import NotAHead
from gatehouse.audit.rules.verdicts import Finding
from gatehouse.audit.service import Verification
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.runtime import Runtime


@click.group("audit")
def audit() -> None:
    """The record: whether anything was changed."""


@audit.command("verify")
@click.option(
    "--head",
    "heads",
    type=click.File(encoding="utf-8"),
    help="Compare with heads that were kept outside: a file, or - for a pipe.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line; the last sums up."
)
@with_appcontext
def verify(*, heads: Iterable[str] | None, as_json: bool) -> None:
    """Say what was changed, removed or added.

    Names each entry or block, and ends with 1 if there is one.

    Without --head the heads in AUDIT_HEAD_FILE are compared, if that is set.
    """
    runtime: Runtime = current_app.extensions["gatehouse"]
    count = 0
    with unit_of_work(runtime, Origin("verify"), Actor(kind="job"), reads_only=True) as ctx:
        check = Verification(ctx)
        try:
            for finding in _watched(check, heads or _own_heads(runtime)):
                count += 1
                click.echo(json.dumps(finding.facts()) if as_json else _told(finding))
        except NotAHead as error:
            line = error.details["line"]
            raise click.ClickException(f"Line {line}: {error}") from None
    for remark in () if as_json else check.remarks():
        click.echo(f"remark    {remark}")
    click.echo(json.dumps(_sum(check, count)) if as_json else _summed_up(check, count))
    if count:
        sys.exit(1)


def _own_heads(runtime: Runtime) -> Iterator[str]:
    path = runtime.settings.audit_head_file
    if path and Path(path).exists():
        with Path(path).open(encoding="utf-8") as lines:
            yield from lines


def _watched(check: Verification, heads: Iterable[str]) -> Iterator[Finding]:
    """The findings, and on a terminal how far we are."""
    if not sys.stderr.isatty():
        yield from check.findings(heads)
        return
    check.on_progress = lambda: click.echo(
        f"\r{check.blocks} blocks, {check.entries} entries", nl=False, err=True
    )
    yield from check.findings(heads)
    click.echo("", err=True)


def _told(finding: Finding) -> str:
    block = f"block {finding.block}" if finding.block is not None else "no block"
    words = [f"{finding.kind:<8}", block]
    if finding.entry_id:
        words.append(f"entry {finding.entry_id} {finding.action or ''}".rstrip())
    return "  ".join([*words, finding.says])


def _sum(check: Verification, count: int) -> dict[str, Any]:
    return {
        "clean": count == 0,
        "findings": count,
        "blocks": check.blocks,
        "purged_blocks": check.purged_blocks,
        "entries": check.entries,
        "unsealed": check.unsealed,
        "remarks": check.remarks(),
        "head": check.newest.hash.hex() if check.newest else None,
    }


def _summed_up(check: Verification, count: int) -> str:
    found = "Nothing was changed, removed or added." if not count else f"Findings: {count}."
    purged = f" ({check.purged_blocks} of them purged)" if check.purged_blocks else ""
    return (
        f"{check.entries} entries, {check.unsealed} of them not sealed yet;"
        f" {check.blocks} blocks{purged}. {found}"
    )
