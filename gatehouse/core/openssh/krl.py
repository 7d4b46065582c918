"""Key revocation lists: small ones are written, and all are read strictly (PROTOCOL.krl)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from hashlib import sha1, sha256

from gatehouse.core.openssh.layouts import key_type
from gatehouse.core.openssh.serials import (
    FORMS,
    HIGHEST,
    LOWEST,
    Ranges,
    read_serials,
    write_serials,
)
from gatehouse.core.openssh.wire import Malformed, Reader, string, strings, uint32, uint64

MAGIC = b"SSHKRL\n\0"
FORMAT = 1
CERTIFICATES, KEYS, SHA1, SHA256 = 1, 2, 3, 5
KEY_IDS = 0x23
DIGEST_BYTES = {SHA1: 20, SHA256: 32}
ANY_AUTHORITY = b""


class BadKrl(ValueError):
    """This is no revocation list as OpenSSH takes them, or none can say this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What a list shall revoke.

    ``serials`` by the blob of the authority's key that signed them; blobs of ``keys`` (of an
    authority, with all that it signed); ``fingerprints`` of keys, as bytes of SHA-256.
    """

    serials: Mapping[bytes, AbstractSet[int]] = field(default_factory=dict)
    keys: AbstractSet[bytes] = frozenset()
    fingerprints: AbstractSet[bytes] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Krl:
    """A list that was read. Serials and key ids stand under the blob of an authority's key, or
    under ANY_AUTHORITY. ``generated_at`` is in seconds since 1970.
    """

    version: int
    generated_at: int
    comment: str
    serials: Mapping[bytes, Ranges]
    key_ids: Mapping[bytes, AbstractSet[str]]
    keys: AbstractSet[bytes]
    sha1: AbstractSet[bytes]
    sha256: AbstractSet[bytes]

    def is_revoked(self, authority: bytes, serial: int, key_id: str | None = None) -> bool:
        """Whether certificates with this serial (or key id) by an authority are revoked, or all
        by it. Their own key is another question: ``has_key``.
        """
        return self.has_key(authority) or any(
            serial in self.serials.get(by, Ranges()) or key_id in self.key_ids.get(by, ())
            for by in (authority, ANY_AUTHORITY)
        )

    def has_key(self, blob: bytes) -> bool:
        """Whether a key itself is revoked, by its blob or by a fingerprint of it."""
        return (
            blob in self.keys
            or sha256(blob).digest() in self.sha256
            or sha1(blob, usedforsecurity=False).digest() in self.sha1
        )


def write_krl(version: int, generated_at: int, comment: str, revoked: Revoked) -> bytes:
    """A revocation list, the same for the same input, without a signature (PROTOCOL.krl 1-4).

    ``version`` shall grow; ``generated_at`` is in seconds since 1970. OpenSSH has no words to
    revoke serial 0. Raises BadKrl.
    """
    if not (0 <= version <= HIGHEST and 0 <= generated_at <= HIGHEST):
        raise BadKrl("its version or its time is not from 0 to 2**64-1")
    if not comment.isprintable():
        raise BadKrl("its comment is not legible")
    _check_keys((*revoked.serials, *revoked.keys))
    if any(len(digest) != DIGEST_BYTES[SHA256] for digest in revoked.fingerprints):
        raise BadKrl("a fingerprint has not the 32 bytes of SHA-256")
    header = uint32(FORMAT) + uint64(version) + uint64(generated_at) + uint64(0)
    sections = [
        *(_certificates(by, serials) for by, serials in sorted(revoked.serials.items()) if serials),
        *_section(KEYS, revoked.keys),
        *_section(SHA256, revoked.fingerprints),
    ]
    return b"".join((MAGIC, header, string(b""), string(comment.encode()), *sections))


def _check_keys(blobs: Iterable[bytes]) -> None:
    # sshd with a list that has another key in it refuses everybody.
    try:
        for blob in blobs:
            key_type(blob)
    except Malformed as error:
        raise BadKrl(str(error)) from error


def _certificates(authority: bytes, serials: AbstractSet[int]) -> bytes:
    ordered = sorted(serials)
    if ordered[0] < LOWEST or ordered[-1] > HIGHEST:
        raise BadKrl("a serial is not from 1 to 2**64-1")
    body = string(authority) + string(b"") + write_serials(ordered)
    return bytes([CERTIFICATES]) + string(body)


def _section(kind: int, values: AbstractSet[bytes]) -> list[bytes]:
    return [bytes([kind]) + string(strings(sorted(values)))] if values else []


def read_krl(raw: bytes) -> Krl:
    """Read a revocation list to its last byte (PROTOCOL.krl). Raises BadKrl.

    All that ``ssh-keygen -k`` writes is understood, but for bitmaps that OpenSSH cannot read
    itself. Refused are unknown sections, and signatures: OpenSSH takes none since 9.4.
    """
    try:
        return _read(Reader(raw))
    except ValueError as error:
        raise BadKrl(str(error)) from error


@dataclass(slots=True)
class _Found:
    serials: dict[bytes, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    key_ids: dict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    keys: set[bytes] = field(default_factory=set)
    digests: dict[int, set[bytes]] = field(default_factory=lambda: {SHA1: set(), SHA256: set()})


def _read(reader: Reader) -> Krl:
    if reader.take(len(MAGIC)) != MAGIC or reader.uint32() != FORMAT:
        raise Malformed("it is no revocation list of format 1")
    version, generated_at, flags = reader.uint64(), reader.uint64(), reader.uint64()
    if flags or reader.string():
        raise Malformed("something stands where nothing stands yet")
    comment = _text(reader.string())
    found = _Found()
    while not reader.is_at_end:
        kind = reader.byte()
        if kind not in SECTIONS:
            raise Malformed("a section of it is of an unknown kind")
        SECTIONS[kind](kind, _inside(reader), found)
    return Krl(
        version=version,
        generated_at=generated_at,
        comment=comment,
        serials={by: Ranges.of(ranges) for by, ranges in found.serials.items()},
        key_ids=dict(found.key_ids),
        keys=found.keys,
        sha1=found.digests[SHA1],
        sha256=found.digests[SHA256],
    )


def _inside(reader: Reader) -> Reader:
    """What a section holds: it may be longer than any other string."""
    return Reader(reader.take(reader.uint32()))


def _read_certificates(_: int, reader: Reader, found: _Found) -> None:
    authority = reader.string()
    if authority != ANY_AUTHORITY:
        key_type(authority)
    if reader.string():
        raise Malformed("something stands where nothing stands yet")
    while not reader.is_at_end:
        kind, inside = reader.byte(), _inside(reader)
        if kind in FORMS:
            found.serials[authority] += read_serials(kind, inside)
        elif kind == KEY_IDS:
            found.key_ids[authority].update(map(_text, inside.strings()))
        else:
            raise Malformed("a subsection of it is of an unknown kind")


def _read_keys(_: int, reader: Reader, found: _Found) -> None:
    for blob in reader.strings():
        key_type(blob)
        found.keys.add(blob)


def _read_digests(kind: int, reader: Reader, found: _Found) -> None:
    digests = reader.strings()
    if any(len(digest) != DIGEST_BYTES[kind] for digest in digests):
        raise Malformed("a fingerprint is too short or too long")
    if digests != sorted(set(digests)):
        raise Malformed("its fingerprints are not in order, or one stands there twice")
    found.digests[kind].update(digests)


SECTIONS: dict[int, Callable[[int, Reader, _Found], None]] = {
    CERTIFICATES: _read_certificates,
    KEYS: _read_keys,
    SHA1: _read_digests,
    SHA256: _read_digests,
}


def _text(raw: bytes) -> str:
    text = raw.decode()
    if not text.isprintable():
        raise Malformed("a text in it is not legible")
    return text
