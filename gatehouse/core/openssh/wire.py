"""The data types of SSH (RFC 4251 5): how values become bytes, and come back from them."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_BYTES = 1 << 20  # of one string: more than any key, certificate or signature has


class Malformed(ValueError):
    """These bytes are not what they should be. The message says what is wrong with them."""


def uint32(number: int) -> bytes:
    return number.to_bytes(4)


def uint64(number: int) -> bytes:
    return number.to_bytes(8)


def string(value: bytes) -> bytes:
    return uint32(len(value)) + value


def strings(values: Iterable[bytes]) -> bytes:
    return b"".join(map(string, values))


def mpint(number: int) -> bytes:
    """A number from 0 on; its first bit is never set, since that would make it negative."""
    return string(number.to_bytes((number.bit_length() + 8) // 8) if number else b"")


@dataclass(slots=True)
class Reader:
    """Takes values from the front of ``data``. Every method raises Malformed."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise Malformed("it ends too early")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def uint32(self) -> int:
        return int.from_bytes(self.take(4))

    def uint64(self) -> int:
        return int.from_bytes(self.take(8))

    def string(self) -> bytes:
        count = self.uint32()
        if count > MOST_BYTES:
            raise Malformed("a part of it is too long")
        return self.take(count)

    def mpint(self) -> int:
        """A number from 0 on in its shortest form."""
        raw = self.string()
        number = int.from_bytes(raw)
        if mpint(number) != string(raw):
            raise Malformed("a number in it is negative, or not in its shortest form")
        return number

    def strings(self) -> list[bytes]:
        """All that is left, as strings."""
        found = []
        while not self.is_at_end:
            found.append(self.string())
        return found

    @property
    def is_at_end(self) -> bool:
        return self.at == len(self.data)

    def end(self) -> None:
        """Raises Malformed if something is left."""
        if not self.is_at_end:
            raise Malformed("more bytes follow")
