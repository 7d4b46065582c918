"""RFC 4251 5."""

import pytest

from gatehouse.core.openssh.wire import Malformed, Reader, mpint, string, strings, uint32, uint64

# The examples of RFC 4251 5 of numbers that are not negative.
NUMBERS = {
    0: "00000000",
    0x9A378F9B2E332A7: "0000000809a378f9b2e332a7",
    0x80: "000000020080",
}


@pytest.mark.parametrize(("number", "as_hex"), NUMBERS.items())
def test_numbers_are_written_as_in_the_rfc(number: int, as_hex: str):
    assert mpint(number).hex() == as_hex
    assert Reader(bytes.fromhex(as_hex)).mpint() == number


def test_what_is_written_is_read_back():
    raw = uint32(7) + uint64(2**64 - 1) + strings([b"", b"ssh"]) + mpint(2**2048 - 1)
    reader = Reader(raw)

    assert (reader.uint32(), reader.uint64()) == (7, 2**64 - 1)
    assert (reader.string(), reader.string()) == (b"", b"ssh")
    assert reader.mpint() == 2**2048 - 1
    reader.end()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "too early"),
        ("000000", "too early"),
        ("00000005616263", "too early"),
        ("ffffffff", "too long"),
    ],
)
def test_a_string_that_is_none_is_said_to_be(raw: str, why: str):
    with pytest.raises(Malformed, match=why):
        Reader(bytes.fromhex(raw)).string()


@pytest.mark.parametrize("raw", ["0000000180", "000000020001", "0000000100", "00000003008000ff"])
def test_a_number_has_one_spelling(raw: str):
    reader = Reader(bytes.fromhex(raw))
    with pytest.raises(Malformed, match=r"negative|more bytes"):
        reader.mpint()
        reader.end()


def test_nothing_may_follow():
    reader = Reader(string(b"all") + b"\0")
    reader.string()
    with pytest.raises(Malformed, match="more bytes"):
        reader.end()
