"""``python -m benchmarks.scale``: fill two databases, measure both, print ratios and verdicts."""

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import report
from benchmarks.cores import Cores
from benchmarks.scale import mails, people, record
from benchmarks.scale.filling import Size
from benchmarks.scale.people import FULL, QUICK, Effort
from benchmarks.scale.town import Region
from tests.servers import temporary_folder

MISSED = 1
SMALL, LARGE = Size(1_000, 1_000), Size(1_000_000, 2_500_000)
TINY, LITTLE = Size(60, 100), Size(300, 1_000)
FARTHER = 1.2  # times as long among a million as among a thousand
DEEPER = 1.5  # times as long as the first page of the same list
SLOWEST_PAGE = 300.0  # milliseconds, for 95 of 100 first pages of any list
SLOWEST_DELIVERY = 10.0  # seconds, of 1,000 mails
LINE = "{:<54} {:>10} {:>10} {:>7} {:>9}  {}"


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the table. ``less`` and ``more`` are what is compared, ``value`` what is judged."""

    name: str
    less: str
    more: str
    value: float
    bar: float | None

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return "info"
        return "pass" if self.value <= self.bar else "FAIL"

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"<= {self.bar:g}"
        value = f"{self.value:.2f}"
        return LINE.format(self.name, self.less, self.more, value, bar, self.verdict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0, or 1 with ``--strict`` if a figure misses its bar."""
    options = _options().parse_args(arguments)
    cores = Cores()
    sizes = (TINY, LITTLE) if options.quick else (SMALL, LARGE)
    results = _measure(options.only or list(PARTS), sizes, cores, QUICK if options.quick else FULL)
    machine = report.machine(are_apart=cores.are_apart)
    print(", ".join(f"{name} {value}" for name, value in machine.items()), end="\n\n")
    print(LINE.format("", "less", "more", "figure", "bar", "verdict"))
    print(*results, sep="\n")
    if options.json:
        rows = [asdict(result) | {"verdict": result.verdict} for result in results]
        content = json.dumps({"machine": machine, "rows": rows}, indent=2)
        options.json.write_text(content + "\n", encoding="utf-8")
    is_missed = any(result.verdict == "FAIL" for result in results)
    return MISSED if options.strict and is_missed else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="hardly anybody: does it run at all?")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=list(PARTS), help="some parts")
    return parser


def _measure(
    parts: Sequence[str], sizes: tuple[Size, Size], cores: Cores, effort: Effort
) -> list[Result]:
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-scale-", dir=temporary_folder()))
    region = Region(folder, cores, *sizes)
    with contextlib.ExitStack() as stack:
        stack.enter_context(cores.of_the_others())
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(region.close)
        region.start()
        started = perf_counter()
        region.small.fill()
        # The mails come first: later the worker would seal a record of millions beside them.
        results = []
        for part in sorted(parts, key=list(PARTS).index):
            if part != "mails" and not region.large.is_filled:
                took = region.large.fill()
                print(f"filled in {took:.0f} s", file=sys.stderr, flush=True)
            results += PARTS[part](region, effort)
            print(f"{part}: after {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return results


def _mails(region: Region, effort: Effort) -> list[Result]:
    done = mails.deliver(region.small, effort)
    taken = f"{done.out_of_turn} apart"
    name = f"{done.mails} mails by one worker, in seconds"
    bar = SLOWEST_DELIVERY * done.mails / FULL.mails
    return [Result(name, taken, f"{done.connections} lines", done.seconds, bar)]


def _me(region: Region, effort: Effort) -> list[Result]:
    return [
        _pair("GET me from the row, no Redis", people.me_from_the_row(region, effort)),
        _pair("GET me, new to Redis", people.me_for_the_first_time(region, effort)),
        _pair("GET me, known to Redis", people.me_from_redis(region, effort)),
    ]


def _sign_in(region: Region, effort: Effort) -> list[Result]:
    cheap = people.signing_in(region, effort, cheap=True)
    return [
        _pair("sign-in", people.signing_in(region, effort)),
        _pair("sign-in, the password hash left out", cheap),
    ]


def _refresh(region: Region, effort: Effort) -> list[Result]:
    return [_pair("refresh, with a new token each", people.refreshing(region, effort))]


def _record(region: Region, effort: Effort) -> list[Result]:
    return [_page(figure) for figure in record.pages(region.large, effort)]


def _pair(name: str, pair: people.Pair) -> Result:
    less, more = (f"{median(times):.1f} ms" for times in (pair.less, pair.more))
    return Result(name, less, more, pair.ratio, FARTHER)


def _page(figure: record.Figure) -> Result:
    here = f"{median(figure.times):.1f} ms"
    if not figure.first:
        return Result(f"{figure.name}, p95 ms", "", here, figure.p95, SLOWEST_PAGE)
    return Result(figure.name, f"{median(figure.first):.1f} ms", here, figure.ratio, DEEPER)


PARTS: dict[str, Callable[[Region, Effort], list[Result]]] = {
    "mails": _mails,
    "me": _me,
    "sign-in": _sign_in,
    "refresh": _refresh,
    "record": _record,
}


if __name__ == "__main__":
    sys.exit(main())
