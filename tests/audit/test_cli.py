"""The command python manage.py audit verify."""

import json

import pytest
from sqlalchemy import update

from gatehouse.audit.models import AuditEntry
from tests.audit.ledger import Ledger, cut_off_the_tail, heads_of


def verify(ledger: Ledger, *arguments: str, given: str | None = None):
    return ledger.app.test_cli_runner().invoke(args=["audit", "verify", *arguments], input=given)


def test_the_command_says_that_all_is_well(sealed: Ledger):
    result = verify(sealed)

    assert result.exit_code == 0
    assert result.output == (
        "13 entries, 1 of them not sealed yet; 3 blocks. Nothing was changed, removed or added.\n"
    )


def test_the_command_names_what_was_done_and_fails(sealed: Ledger):
    victim = sealed.entries()[5]
    sealed.tamper(update(AuditEntry).where(AuditEntry.id == victim.id).values(ip="x"))

    result = verify(sealed)

    assert result.exit_code == 1
    line, summary = result.output.splitlines()
    assert line == f"changed   block 2  entry {victim.id} {victim.action}  The entry was changed."
    assert summary.endswith("Findings: 1.")


def test_the_command_speaks_json_line_by_line(sealed: Ledger):
    victim = sealed.entries()[5]
    sealed.tamper(update(AuditEntry).where(AuditEntry.id == victim.id).values(ip="x"))

    result = verify(sealed, "--json")

    finding, summary = map(json.loads, result.output.splitlines())
    assert finding == {
        "kind": "changed",
        "says": "The entry was changed.",
        "block": 2,
        "entry_id": str(victim.id),
        "action": victim.action,
    }
    assert (summary["clean"], summary["findings"], summary["entries"]) == (False, 1, 13)
    assert summary["head"] == sealed.blocks()[2].hash.hex()


def test_the_command_reads_heads_from_a_file_and_from_a_pipe(sealed: Ledger, tmp_path):
    heads = "\n".join(heads_of(sealed)) + "\n\n"
    path = tmp_path / "heads"
    path.write_text(heads)
    assert verify(sealed, "--head", str(path)).exit_code == 0
    cut_off_the_tail(sealed)

    assert verify(sealed).exit_code == 0
    assert verify(sealed, "--head", str(path)).exit_code == 1
    assert "block 3" in verify(sealed, "--head", "-", given=heads).output


def test_the_command_compares_with_the_file_of_the_setting(make_ledger, tmp_path, monkeypatch):
    path = tmp_path / "heads"
    ledger = make_ledger(AUDIT_HEAD_FILE=str(path))
    assert verify(ledger).exit_code == 0
    ledger.fill(2)
    ledger.seal()
    path.write_text(path.read_text().replace(ledger.blocks()[0].hash.hex(), "00" * 32))

    result = verify(ledger)

    assert result.exit_code == 1
    assert "another hash" in result.output


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        "5",
        "text",
        "{}",
        '{"number": 1}',
        '{"number": "x", "hash": "y"}',
        '{"number": 1e999, "hash": ""}',
        '{"number": null, "hash": ""}',
        "\N{SNOWMAN}",
    ],
)
def test_a_line_that_is_no_head_is_named(sealed: Ledger, line):
    good = heads_of(sealed)[0]

    result = verify(sealed, "--head", "-", given=f"{good}\n{line}\n")

    assert (result.exit_code, "Line 2" in result.output) == (1, True)
    assert "Traceback" not in result.output


def test_numbers_beyond_all_blocks_are_just_not_there(sealed: Ledger):
    head = json.dumps({"number": 10**30, "hash": "00"})

    result = verify(sealed, "--head", "-", given=head)

    assert result.exit_code == 1
    assert "cut off" in result.output
