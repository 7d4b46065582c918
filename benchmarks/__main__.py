"""``python -m benchmarks``: measure, print the tables, and judge only with ``--strict``."""

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.cores import Cores
from benchmarks.load import LoadError
from benchmarks.measures import FULL, QUICK, Effort, Measured
from benchmarks.rows import ROWS, Row
from benchmarks.stage import Stage
from tests.processes import ServerError
from tests.servers import temporary_folder

MISSED, DID_NOT_RUN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0; 2 if a row did not run; 1 with ``--strict`` if one is below its floor."""
    options = _options().parse_args(arguments)
    chosen = [row for row in ROWS if not options.only or row.name in options.only]
    cores = Cores()
    results = _measure(chosen, cores, QUICK if options.quick else FULL)
    print(report.tables(results, are_apart=cores.are_apart))
    if options.json:
        content = report.as_json(results, are_apart=cores.are_apart)
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if any(isinstance(measured, str) for _, measured in results):
        return DID_NOT_RUN
    is_missed = any(row.verdict(measured) == "FAIL" for row, measured in results)
    return MISSED if options.strict and is_missed else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short pair: does it run at all?")
    parser.add_argument("--strict", action="store_true", help="exit with 1 below a floor")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", choices=[row.name for row in ROWS], help="some rows"
    )
    return parser


def _measure(rows: Sequence[Row], cores: Cores, effort: Effort) -> report.Results:
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=temporary_folder()))
    stage = Stage(folder, cores)
    with contextlib.ExitStack() as stack:
        stack.enter_context(cores.of_the_others())
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(stage.close)
        return [(row, _measure_one(row, stage, effort)) for row in rows]


def _measure_one(row: Row, stage: Stage, effort: Effort) -> Measured | str:
    """Measure, or say why that was impossible: one row less is no reason to lose the others."""
    print(f"{row.name} ...", file=sys.stderr, flush=True)
    try:
        return row.measure(stage, effort)
    except subprocess.CalledProcessError as error:
        return f"{error} {error.stderr.decode(errors='replace')[-1000:]}"
    except (LoadError, ServerError, OSError) as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main())
