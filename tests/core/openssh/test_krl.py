"""PROTOCOL.krl; ssh-keygen is the counterpart, of our lists and of its own."""

import random
import struct
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha1, sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatehouse.core.openssh.krl import MAGIC, BadKrl, Revoked, read_krl, write_krl
from gatehouse.core.openssh.wire import mpint, string, strings, uint32, uint64
from tests.core.openssh.listed import described, listed, ranges_of, revoked
from tests.core.openssh.made_certificates import CERTIFICATE, issued, user
from tests.core.openssh.made_keys import (
    ALL,
    ED25519,
    RSA,
    SK_ECDSA,
    SK_ED25519,
    authority,
    public_line,
    subject,
)
from tests.openssh import keygen

HIGHEST = 2**64 - 1
NOW = 1_800_000_000
OURS, OTHER = authority(ED25519).blob, authority("ecdsa-sha2-nistp256").blob
DIGESTS = frozenset(sha256(subject(of_type)).digest() for of_type in (ED25519, SK_ECDSA))


def chosen(serials: range, count: int) -> list[int]:
    """Some of them, the same every time."""
    return random.Random(2).sample(serials, count)  # noqa: S311


def by_us(*serials: int) -> Revoked:
    return Revoked(serials={OURS: set(serials)})


# RSA keys are slow to make: who does not need them waits for none.
LISTS: dict[str, Callable[[], Revoked]] = {
    "empty": Revoked,
    "no serials": by_us,
    "one serial": lambda: by_us(7),
    "the highest": lambda: by_us(HIGHEST),
    "a few": lambda: by_us(1, 2, 3, 7, 9, 1000, 2**63, HIGHEST - 1, HIGHEST),
    "contiguous": lambda: by_us(*range(1, 100_001)),
    "every second": lambda: by_us(*range(1, 18_000, 2)),
    "random": lambda: by_us(*chosen(range(1, 1_000_001), 20_000)),
    "random of 64 bits": lambda: by_us(*chosen(range(1, 2**63), 5000)),
    "runs": lambda: by_us(*(n for n in range(1, 90_000) if n // 300 % 2)),
    "several authorities": lambda: Revoked(
        serials={authority(by).blob: {1, n, 7 + n} for n, by in enumerate((ED25519, RSA), 2)}
        | {subject(of_type, "ca"): {5} for of_type in ALL}
    ),
    "an authority": lambda: Revoked(keys={OURS}),
    "keys": lambda: Revoked(keys={subject(of_type) for of_type in ALL}),
    "hashes": lambda: Revoked(fingerprints=DIGESTS),
    "hash of an authority": lambda: Revoked(fingerprints={sha256(OURS).digest()}),
    "everything": lambda: Revoked(
        serials={OURS: {7, *range(90, 99)}, OTHER: {8}},
        keys={subject(RSA), OTHER},
        fingerprints=DIGESTS,
    ),
}
PROBES = (
    *(1, 2, 7, 8, 98, 100, 301, 599, 600, 999, 1000, 16_383, 16_384, 16_385, 17_999, 18_001),
    *(99_999, 100_000, 100_001, 2**63, HIGHEST - 1, HIGHEST),
)  # fmt: skip


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, tuple[bytes, int]]:
    """Files with certificates by two authorities, and which they are."""
    folder = tmp_path_factory.mktemp("certificates")
    made = {}
    for name, by in (("ours", ED25519), ("other", "ecdsa-sha2-nistp256")):
        for serial in PROBES:
            file = folder / f"{name}-{serial}-cert.pub"
            file.write_text(issued(user("ecdsa-sha2-nistp384", serial=serial), by) + " a\n")
            made[file] = (authority(by).blob, serial)
    return made


@pytest.mark.parametrize("name", LISTS)
def test_openssh_finds_in_our_lists_what_we_find(tmp_path: Path, name: str):
    wanted = LISTS[name]()
    raw = write_krl(3, NOW, "acme, the 3rd", wanted)
    (tmp_path / "krl").write_bytes(raw)
    read = read_krl(raw)

    assert described(read) == listed(tmp_path / "krl")
    assert (read.version, read.generated_at, read.comment) == (3, NOW, "acme, the 3rd")
    assert (read.keys, read.sha256) == (wanted.keys, wanted.fingerprints)
    for by, serials in wanted.serials.items():
        ranges = ranges_of(read, by)
        assert {n for first, last in ranges for n in range(first, last + 1)} == serials


@pytest.mark.parametrize("name", LISTS)
def test_openssh_refuses_the_certificates_that_we_say_are_revoked(
    tmp_path: Path, name: str, certificates: dict[Path, tuple[bytes, int]]
):
    raw = write_krl(1, NOW, "", LISTS[name]())
    (tmp_path / "krl").write_bytes(raw)
    read = read_krl(raw)
    own_key = read.has_key(subject("ecdsa-sha2-nistp384"))

    assert revoked(tmp_path / "krl", *certificates) == {
        file.name: own_key or read.is_revoked(*which) for file, which in certificates.items()
    }


@pytest.mark.parametrize("name", LISTS)
def test_openssh_refuses_the_keys_that_we_say_are_revoked(tmp_path: Path, name: str):
    raw = write_krl(1, NOW, "", LISTS[name]())
    (tmp_path / "krl").write_bytes(raw)
    blobs = {str(n): subject(of_type) for n, of_type in enumerate(ALL)} | {"ours": OURS}
    for file, blob in blobs.items():
        (tmp_path / file).write_text(public_line(blob) + " a\n")

    read = read_krl(raw)
    assert revoked(tmp_path / "krl", *(tmp_path / file for file in blobs)) == {
        file: read.has_key(blob) for file, blob in blobs.items()
    }


BY_OPENSSH = {
    "nothing": "",
    "serials": "serial: 5\nserial: 7-9\nserial: 18446744073709551615\n",
    "many": "".join(f"serial: {n}\n" for n in chosen(range(1, 16_000), 3000)),
    "every second": "".join(f"serial: {n}\n" for n in range(1, 16_384, 2)),
    "key ids": "id: alice\nid: bob the builder\nserial: 3\n",
    "keys": "".join(f"key: {public_line(subject(of_type))}\n" for of_type in (ED25519, SK_ED25519)),
    "SHA-256": f"sha256: {public_line(subject(ED25519))}\n",
    "SHA-1": f"sha1: {public_line(subject(ED25519))}\n",
}


@pytest.mark.parametrize("spec", BY_OPENSSH.values(), ids=BY_OPENSSH)
def test_lists_by_openssh_are_read_as_it_lists_them(tmp_path: Path, spec: str):
    (tmp_path / "spec").write_text(spec)
    (tmp_path / "ca.pub").write_text(public_line(OURS) + "\n")
    krl = tmp_path / "krl"
    keygen("-k", "-q", "-f", krl, "-z", "9", "-s", tmp_path / "ca.pub", tmp_path / "spec")

    assert described(read_krl(krl.read_bytes())) == listed(krl)


def test_key_ids_and_sha_1_count_although_we_write_none():
    inside = b"\x23" + string(strings([b"alice"]))
    read = read_krl(krl(certificates_by(OURS, inside), (3, strings([sha1_of(OTHER)]))))

    assert read.is_revoked(OURS, 1, "alice")
    assert not read.is_revoked(OURS, 1, "bob")
    assert not read.is_revoked(OURS, 1)
    assert read.has_key(OTHER)
    assert read.is_revoked(OTHER, 1)


def test_serials_may_be_revoked_of_any_authority():
    read = read_krl(krl(certificates_by(b"", b"\x20" + string(uint64(4)))))

    assert read.is_revoked(OURS, 4)
    assert read.is_revoked(OTHER, 4)
    assert not read.is_revoked(OURS, 5)


def test_the_same_is_written_in_the_same_bytes():
    every = LISTS["everything"]()
    turned = Revoked(
        serials={by: set(every.serials[by]) for by in (OTHER, OURS)},
        keys={OTHER, subject(RSA)},
        fingerprints=frozenset(sorted(DIGESTS, reverse=True)),
    )
    assert write_krl(1, NOW, "a", every) == write_krl(1, NOW, "a", turned)


def test_100_000_contiguous_serials_take_129_bytes():
    assert len(write_krl(1, NOW, "", by_us(*range(1, 100_001)))) == 129


@pytest.mark.parametrize(
    "change",
    [
        {"serials": {OURS: {0}}},
        {"serials": {OURS: {0, 1, 2}}},
        {"serials": {OURS: {-1}}},
        {"serials": {OURS: {HIGHEST + 1}}},
        {"serials": {b"": {1}}},
        {"serials": {b"x": {1}}},
        {"serials": {CERTIFICATE: {1}}},
        {"serials": {OURS + b"\0": {1}}},
        {"keys": {b""}},
        {"keys": {CERTIFICATE}},
        {"keys": {subject(ED25519)[:-1]}},
        {"fingerprints": {bytes(20)}},
        {"fingerprints": {b""}},
    ],
    ids=range(13),
)
def test_what_sshd_could_not_read_is_not_written(change: dict):
    with pytest.raises(BadKrl):
        write_krl(1, NOW, "", Revoked(**change))


@pytest.mark.parametrize(
    ("version", "generated_at", "comment"),
    [(-1, 0, ""), (2**64, 0, ""), (0, -1, ""), (0, 2**64, ""), (0, 0, "a\n"), (0, 0, "\0")],
)
def test_a_wrong_header_is_not_written(version: int, generated_at: int, comment: str):
    with pytest.raises(BadKrl):
        write_krl(version, generated_at, comment, Revoked())


def sha1_of(blob: bytes) -> bytes:
    return sha1(blob, usedforsecurity=False).digest()


def header(
    *, magic: bytes = MAGIC, form: int = 1, flags: int = 0, rest: bytes = b"", say: bytes = b""
) -> bytes:
    numbers = struct.pack(">IQQQ", form, 1, NOW, flags)
    return magic + numbers + string(rest) + string(say)


def krl(*sections: tuple[int, bytes]) -> bytes:
    return header() + b"".join(bytes([kind]) + string(body) for kind, body in sections)


def certificates_by(by: bytes, inside: bytes, reserved: bytes = b"") -> tuple[int, bytes]:
    return 1, string(by) + string(reserved) + inside


JUNK = {
    "nothing": b"",
    "a page": b"<!doctype html><title>503</title>",
    "its beginning": MAGIC,
    "another magic": header(magic=b"SSHKRL\n\1"),
    "another format": header(form=2),
    "flags": header(flags=1),
    "reserved": header(rest=b"x"),
    "comment with a zero byte": header(say=b"a\0"),
    "comment that is no text": header(say=b"\xff"),
    "one byte more": header() + b"\1",
    "a section of 0": krl((0, b"")),
    "a signature": krl((4, string(OURS))),
    "an extension": krl((255, string(b"a") + b"\0" + string(b""))),
    "half a section": krl((2, string(OURS)))[:-1],
    "no key": krl((2, string(b"x"))),
    "a certificate as key": krl((2, string(CERTIFICATE))),
    "SHA-1 among SHA-256": krl((5, string(bytes(20)))),
    "SHA-256 among SHA-1": krl((3, string(bytes(32)))),
    "hashes out of order": krl((5, strings([b"b" * 32, b"a" * 32]))),
    "hash twice": krl((5, strings([b"a" * 32, b"a" * 32]))),
    "no authority": krl((1, b"")),
    "a certificate as authority": krl(certificates_by(CERTIFICATE, b"")),
    "reserved in certificates": krl(certificates_by(OURS, b"", b"x")),
    "a subsection of 0": krl(certificates_by(OURS, b"\0" + string(b""))),
    "an extension inside": krl(certificates_by(OURS, b"\x39" + string(b""))),
    "serial 0": krl(certificates_by(OURS, b"\x20" + string(uint64(0)))),
    "half a serial": krl(certificates_by(OURS, b"\x20" + string(uint32(0)))),
    "key id with a zero byte": krl(certificates_by(OURS, b"\x23" + string(string(b"a\0")))),
    "too long a bitmap": krl(
        certificates_by(OURS, b"\x22" + string(uint64(1) + mpint(1 << 16_384)))
    ),
}


@pytest.mark.parametrize("raw", JUNK.values(), ids=JUNK)
def test_what_is_no_list_is_refused(raw: bytes):
    with pytest.raises(BadKrl):
        read_krl(raw)


def test_the_bug_of_openssh_is_seen_before_anybody_is_locked_out(tmp_path: Path):
    (tmp_path / "spec").write_text("".join(f"serial: {n}\n" for n in range(1, 16_389, 2)))
    (tmp_path / "ca.pub").write_text(public_line(OURS) + "\n")
    krl = tmp_path / "krl"
    keygen("-k", "-q", "-f", krl, "-s", tmp_path / "ca.pub", tmp_path / "spec")

    keygen("-Q", "-l", "-f", krl, expect=(255,))
    with pytest.raises(BadKrl, match="16,384"):
        read_krl(krl.read_bytes())


SAMPLE = write_krl(
    3,
    NOW,
    "acme",
    Revoked(
        serials={OURS: {7, 50, *range(200, 400), *range(1000, 1200, 3)}, OTHER: {HIGHEST}},
        keys={subject(ED25519)},
        fingerprints=DIGESTS,
    ),
)


def test_a_list_may_end_only_between_its_sections():
    ends = {end for end in range(len(SAMPLE)) if can_be_read(SAMPLE[:end])}
    assert len(ends) == 4
    assert not can_be_read(SAMPLE + b"\0")


def can_be_read(raw: bytes) -> bool:
    try:
        read_krl(raw)
    except BadKrl:
        return False
    return True


CHANGES = st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 9), st.binary(max_size=9))


def changed(change: tuple[int, int, bytes]) -> bytes:
    at, gone, put = change
    return SAMPLE[:at] + put + SAMPLE[at + gone :]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary() | st.binary().map(header().__add__) | CHANGES.map(changed))
def test_junk_raises_nothing_else(raw: bytes):
    with suppress(BadKrl):
        read_krl(raw)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(change=CHANGES)
@example(change=(0, 0, b""))
def test_what_we_read_of_a_changed_list_openssh_reads_too(
    tmp_path: Path, change: tuple[int, int, bytes]
):
    raw = changed(change)
    (tmp_path / "krl").write_bytes(raw)
    if can_be_read(raw):
        assert described(read_krl(raw)) == listed(tmp_path / "krl")
