"""Sets of serials as revocation lists hold them: lists, ranges, bitmaps (PROTOCOL.krl 2)."""

import re
import struct
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gatehouse.core.openssh.wire import Malformed, Reader, mpint, string, uint64

LOWEST, HIGHEST = 1, 2**64 - 1
LIST, RANGE, BITMAP = 0x20, 0x21, 0x22
# OpenSSH reads no longer number (SSHBUF_MAX_BIGNUM), although it writes them.
MOST_BITS = 16_384

# What each takes in bytes. Lists are written as one: only its entries count.
ENTRY_COST = 8
RANGE_COST = 1 + 4 + 16
BITMAP_COST = 1 + 4 + 8 + 4 + 1  # Without its bits.
# The bits between two serials that cost as much as another entry, and as another bitmap.
NEAR = ENTRY_COST * 8
NEAR_BITMAPS = BITMAP_COST * 8
# A run that takes more bits is cheaper as a range, even if it parts a bitmap in two.
LONG_RUN = (RANGE_COST + BITMAP_COST) * 8

Block = tuple[int, int]  # From the first to after the last index in all serials in their order.


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of serials as ranges in their order: ``firsts[n]`` to ``lasts[n]``, both inside."""

    firsts: Sequence[int] = ()
    lasts: Sequence[int] = ()

    @classmethod
    def of(cls, found: Iterable[tuple[int, int]]) -> "Ranges":
        """Of ranges in any order, which may touch each other."""
        firsts: list[int] = []
        lasts: list[int] = []
        for first, last in sorted(found):
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(last, lasts[-1])
            else:
                firsts.append(first)
                lasts.append(last)
        return cls(firsts, lasts)

    def __contains__(self, serial: int) -> bool:
        at = bisect(self.firsts, serial)
        return at > 0 and serial <= self.lasts[at - 1]


def write_serials(ordered: Sequence[int]) -> bytes:
    """The subsections that say these serials, in few bytes (PROTOCOL.krl 2).

    There is one at least, and they ascend from LOWEST to HIGHEST.
    """
    singles: list[int] = []
    others: list[bytes] = []
    for start, end in _parted(ordered, NEAR_BITMAPS):
        if end - start == 1:
            singles.append(ordered[start])
        else:
            _write_near(ordered[start:end], singles, others)
    entries = struct.pack(f">{len(singles)}Q", *singles)
    return b"".join([_subsection(LIST, entries) if singles else b"", *others])


def _write_near(ordered: Sequence[int], singles: list[int], others: list[bytes]) -> None:
    """Add serials that are near each other to those of the list, and to other subsections."""
    for start, end in _joined(ordered, _blocks(ordered)):
        first, last = ordered[start], ordered[end - 1]
        if _cost(ordered, start, end) == ENTRY_COST * (end - start):
            singles += ordered[start:end]
        elif end - start == last - first + 1:
            others.append(_subsection(RANGE, uint64(first) + uint64(last)))
        else:
            bits = _bits(ordered[start:end])
            others.append(_subsection(BITMAP, uint64(first) + mpint(bits)))


def _subsection(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + string(body)


def _parted(ordered: Sequence[int], most: int) -> Iterable[Block]:
    """Blocks between which there are steps of more than ``most``."""
    ends = [at for at, (one, other) in enumerate(pairwise(ordered), 1) if other - one > most]
    return pairwise([0, *ends, len(ordered)])


def _blocks(ordered: Sequence[int]) -> list[Block]:
    """Runs without gaps, of which short ones near each other are one that fits in a bitmap."""
    blocks: list[Block] = []
    begun, may_grow = 0, False
    for start, end in _parted(ordered, 1):
        is_short = end - start <= LONG_RUN
        is_near = may_grow and ordered[start] - ordered[start - 1] <= NEAR
        if is_short and is_near and ordered[end - 1] - ordered[begun] < MOST_BITS:
            blocks[-1] = (begun, end)
        else:
            blocks.append((start, end))
            begun, may_grow = start, is_short
    return blocks


def _joined(ordered: Sequence[int], blocks: list[Block]) -> list[Block]:
    """Blocks, of which neighbours are one if that takes fewer bytes."""
    joined = blocks[:1]
    for start, end in blocks[1:]:
        begun = joined[-1][0]
        apart = _cost(ordered, begun, start) + _cost(ordered, start, end)
        if _cost(ordered, begun, end) < apart:
            joined[-1] = (begun, end)
        else:
            joined.append((start, end))
    return joined


def _cost(ordered: Sequence[int], start: int, end: int) -> int:
    """How many bytes a block takes in the cheapest of the three forms."""
    count, span = end - start, ordered[end - 1] - ordered[start] + 1
    cost = ENTRY_COST * count
    if span == count:
        cost = min(cost, RANGE_COST)
    if span <= MOST_BITS:
        cost = min(cost, BITMAP_COST + span // 8)
    return cost


def _bits(ordered: Sequence[int]) -> int:
    """A number with a bit for each serial, of which the lowest stands for the first."""
    last = ordered[-1]
    signs = bytearray(b"0") * (last - ordered[0] + 1)
    for serial in ordered:
        signs[last - serial] = ord("1")
    return int(signs, 2)


def _read_list(reader: Reader) -> Iterable[tuple[int, int]]:
    while not reader.is_at_end:
        serial = reader.uint64()
        yield serial, serial


def _read_range(reader: Reader) -> Iterable[tuple[int, int]]:
    yield reader.uint64(), reader.uint64()


def _read_bitmap(reader: Reader) -> Iterable[tuple[int, int]]:
    offset, bits = reader.uint64(), reader.mpint()
    if bits.bit_length() > MOST_BITS:
        raise Malformed("a bitmap has more than 16,384 bits")
    for run in re.finditer("1+", f"{bits:b}"[::-1]):
        yield offset + run.start(), offset + run.end() - 1


FORMS: dict[int, Callable[[Reader], Iterable[tuple[int, int]]]] = {
    LIST: _read_list,
    RANGE: _read_range,
    BITMAP: _read_bitmap,
}


def read_serials(form: int, reader: Reader) -> list[tuple[int, int]]:
    """The ranges of serials in a subsection, which is of one of FORMS. Raises Malformed."""
    found = list(FORMS[form](reader))
    reader.end()
    if not all(LOWEST <= first <= last <= HIGHEST for first, last in found):
        raise Malformed("a serial is not from 1 to 2**64-1, or a range ends before it begins")
    return found
