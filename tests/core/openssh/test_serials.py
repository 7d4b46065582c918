"""PROTOCOL.krl 2: the forms of serials. The bytes are those of the table in the documentation."""

import random
import time
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatehouse.core.openssh.serials import (
    BITMAP,
    HIGHEST,
    LIST,
    RANGE,
    Ranges,
    read_serials,
    write_serials,
)
from gatehouse.core.openssh.wire import Malformed, Reader, mpint, uint64

CHANCE = random.Random(1)  # noqa: S311 - the same every time
MILLION = range(1, 1_000_001)
# What it takes in bytes, at most.
SIZES = {
    "one": ([7], 13),
    "two": ([7, 8], 21),
    "the highest": ([HIGHEST], 13),
    "lowest and highest": ([1, HIGHEST], 21),
    "three in a row": ([7, 8, 9], 21),
    "the highest in a row": (range(HIGHEST - 2, HIGHEST + 1), 21),
    "100,000 in a row": (range(1, 100_001), 21),
    "every second": (range(1, 200_001, 2), 25_221),
    "every third": (range(1, 300_001, 3), 37_900),
    "runs of 200": ([n for n in range(1, 400_001) if n // 200 % 2], 21_000),
    "runs of 400": ([n for n in range(1, 400_001) if n // 400 % 2], 10_500),
    "10,000 of a million": (CHANCE.sample(MILLION, 10_000), 74_500),
    "100,000 of a million": (CHANCE.sample(MILLION, 100_000), 126_000),
    "900,000 of a million": (CHANCE.sample(MILLION, 900_000), 126_300),
    "100,000 of 64 bits": ([CHANCE.getrandbits(64) for _ in range(100_000)], 800_005),
}


def forms(written: bytes) -> list[tuple[int, bytes]]:
    reader, found = Reader(written), []
    while not reader.is_at_end:
        found.append((reader.byte(), reader.take(reader.uint32())))
    return found


def read_back(written: bytes) -> Ranges:
    return Ranges.of(chain(*(read_serials(form, Reader(body)) for form, body in forms(written))))


def members(ranges: Ranges) -> list[int]:
    pairs = zip(ranges.firsts, ranges.lasts, strict=True)
    return [serial for first, last in pairs for serial in range(first, last + 1)]


def longest_bitmap(written: bytes) -> int:
    """In bits."""
    bitmaps = [Reader(body) for form, body in forms(written) if form == BITMAP]
    return max([bitmap.uint64() and bitmap.mpint().bit_length() for bitmap in bitmaps], default=0)


@pytest.mark.parametrize("name", SIZES)
def test_serials_take_few_bytes_and_come_back(name: str):
    serials, most = SIZES[name]
    ordered = sorted(set(serials))

    written = write_serials(ordered)

    assert members(read_back(written)) == ordered
    assert len(written) <= most
    assert longest_bitmap(written) <= 16_384


SETS = st.sets(
    st.integers(1, 3000) | st.integers(1, HIGHEST) | st.integers(HIGHEST - 90, HIGHEST), min_size=1
)
GAPS = st.lists(st.sampled_from([1, 1, 1, 2, 3, 60, 64, 65, 140, 145, 5000, 16_380]), max_size=400)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SETS)
def test_any_serials_come_back(serials: set[int]):
    ordered = sorted(serials)
    written = write_serials(ordered)

    assert members(read_back(written)) == ordered
    assert len(written) <= 5 + 8 * len(ordered)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GAPS)
def test_serials_with_any_gaps_come_back_in_bitmaps_that_can_be_read(gaps: list[int]):
    ordered = [1]
    for gap in gaps:
        ordered.append(ordered[-1] + gap)
    written = write_serials(ordered)

    assert members(read_back(written)) == ordered
    assert longest_bitmap(written) <= 16_384
    assert len(written) <= 5 + 8 * len(ordered)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SETS, st.integers(0, HIGHEST))
def test_ranges_know_what_is_in_them(serials: set[int], serial: int):
    ranges = Ranges.of((n, n) for n in serials)

    assert (serial in ranges) == (serial in serials)
    assert all(n in ranges for n in serials)
    assert (0 in ranges, HIGHEST + 1 in ranges) == (False, False)


def test_ranges_may_lie_in_each_other():
    ranges = Ranges.of([(1, 9), (5, 6), (10, 12), (14, 14)])
    assert (ranges.firsts, ranges.lasts) == ([1, 14], [12, 14])


REFUSED = {
    "serial 0": (LIST, uint64(0)),
    "half a serial": (LIST, uint64(1)[:7]),
    "range from 0": (RANGE, uint64(0) + uint64(1)),
    "range backwards": (RANGE, uint64(2) + uint64(1)),
    "range and more": (RANGE, uint64(1) + uint64(2) + b"\0"),
    "two ranges": (RANGE, uint64(1) * 4),
    "bitmap of 0": (BITMAP, uint64(0) + mpint(1)),
    "bitmap too long": (BITMAP, uint64(1) + mpint(1 << 16_384)),
    "bitmap past the highest": (BITMAP, uint64(HIGHEST) + mpint(2)),
    "negative bitmap": (BITMAP, uint64(1) + b"\0\0\0\1\xff"),
    "bitmap and more": (BITMAP, uint64(1) + mpint(1) + b"\0"),
}


@pytest.mark.parametrize(("form", "body"), REFUSED.values(), ids=REFUSED)
def test_what_stands_for_no_serials_is_refused(form: int, body: bytes):
    with pytest.raises(Malformed):
        read_serials(form, Reader(body))


@pytest.mark.parametrize("name", ["100,000 of a million", "100,000 of 64 bits"])
def test_100_000_random_serials_are_written_in_time(name: str):
    serials = set(SIZES[name][0])
    best = 1.0
    for _ in range(3):
        started = time.perf_counter()
        write_serials(sorted(serials))
        best = min(best, time.perf_counter() - started)

    assert best < 0.3
