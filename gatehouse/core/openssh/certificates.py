"""Certificates: made of what they say and a signature, and read strictly (PROTOCOL.certkeys)."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gatehouse.core.openssh.layouts import FIELDS, check_signature, key_type
from gatehouse.core.openssh.terms import MOST_PRINCIPALS, Kind, Terms, check, demand, is_line
from gatehouse.core.openssh.wire import Malformed, Reader, string, strings, uint32, uint64

LONGEST_LINE = 65_536
VERSION = "-cert-v01@openssh.com"


class BadCertificate(ValueError):
    """This is no certificate as OpenSSH takes them. The message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Read:
    """A certificate that was read. Nobody has verified ``signature`` over ``signed`` yet.

    ``authority`` is the blob of the key that is said to have signed.
    """

    terms: Terms
    authority: bytes
    signed: bytes
    signature: bytes
    comment: str


def certificate_type(of_key: str) -> str:
    """The type of certificates for a type of key: ``sk-ssh-ed25519-cert-v01@openssh.com``.

    PROTOCOL.certkeys "New public key formats", PROTOCOL.u2f "SSH U2F Key formats".
    """
    return of_key.removesuffix("@openssh.com") + VERSION


KEY_TYPES = {certificate_type(of_key): of_key for of_key in FIELDS}


def to_be_signed(terms: Terms, authority: bytes) -> bytes:
    """The bytes of a certificate up to its signature, which is made over them.

    PROTOCOL.certkeys "New public key formats". ``authority`` is the blob of the signing key.
    Raises BadTerms.
    """
    check(terms, authority)
    of_key = key_type(terms.subject)
    return b"".join(
        (
            string(certificate_type(of_key).encode()),
            string(terms.nonce),
            terms.subject.removeprefix(string(of_key.encode())),
            uint64(terms.serial),
            uint32(terms.kind),
            string(terms.key_id.encode()),
            string(strings(name.encode() for name in terms.principals)),
            uint64(terms.valid_after),
            uint64(terms.valid_before),
            string(_written(terms.critical_options)),
            string(_written(terms.extensions)),
            string(b""),
            string(authority),
        )
    )


def issue(terms: Terms, authority: bytes, sign: Callable[[bytes], bytes], comment: str = "") -> str:
    """A certificate as one line of text, without its end.

    ``sign`` makes the blob of a signature (RFC 4253 6.6) by the key whose blob ``authority`` is.
    Raises BadTerms, and BadCertificate if the signature is not one by such a key.
    """
    demand(is_line(comment), "comment", "not legible")
    signed = to_be_signed(terms, authority)
    signature = sign(signed)
    try:
        check_signature(signature, authority)
    except Malformed as error:
        raise BadCertificate(str(error)) from error
    line = f"{certificate_type(key_type(terms.subject))} {_as_text(signed + string(signature))}"
    return f"{line} {comment}" if comment else line


def read_certificate(line: str) -> Read:
    """Read a certificate from its line of text: type, base64, comment.

    PROTOCOL.certkeys. Stricter than ssh-keygen: every part has one spelling, names are in order,
    and nothing is left over. The signature has the right form; whether it is right is for the
    caller to verify. Raises BadCertificate.
    """
    try:
        return _read(line)
    except ValueError as error:
        raise BadCertificate(str(error)) from error


def _read(line: str) -> Read:
    if len(line) > LONGEST_LINE or not is_line(line):
        raise Malformed("it is not one line of text")
    name, _, rest = line.partition(" ")
    text, _, comment = rest.partition(" ")
    raw = b64decode(text, validate=True)
    if _as_text(raw) != text:
        raise Malformed("its base64 has another spelling")
    reader = Reader(raw)
    if reader.string() != name.encode():
        raise Malformed("it is of another type than it says")
    terms = _read_terms(reader, name)
    authority = reader.string()
    signed = raw[: reader.at]
    signature = reader.string()
    reader.end()
    check_signature(signature, authority)
    return Read(terms, authority, signed, signature, comment)


def _read_terms(reader: Reader, name: str) -> Terms:
    of_key = KEY_TYPES.get(name)
    if of_key is None:
        raise Malformed("this type of certificate is not taken")
    nonce = reader.string()
    start = reader.at
    FIELDS[of_key](reader)
    terms = Terms(
        nonce=nonce,
        subject=string(of_key.encode()) + reader.data[start : reader.at],
        serial=reader.uint64(),
        kind=Kind(reader.uint32()),
        key_id=_legible(reader.string()),
        principals=tuple(map(_legible, Reader(reader.string()).strings())),
        valid_after=reader.uint64(),
        valid_before=reader.uint64(),
        critical_options=_options(reader.string()),
        extensions=_options(reader.string()),
    )
    if len(terms.principals) > MOST_PRINCIPALS:
        raise Malformed("it has more than 256 principals")
    if reader.string():
        raise Malformed("something stands where nothing stands yet")
    return terms


def _written(options: Mapping[str, str]) -> bytes:
    """Options with their values, each in a string inside a string (PROTOCOL.certkeys)."""
    return strings(
        part
        for name, value in sorted(options.items())
        for part in (name.encode(), string(value.encode()) if value else b"")
    )


def _options(raw: bytes) -> dict[str, str]:
    reader = Reader(raw)
    found = []
    while not reader.is_at_end:
        found.append((_legible(reader.string()), _value(reader.string())))
    _demand_order(name for name, _ in found)
    return dict(found)


def _demand_order(names: Iterable[str]) -> None:
    listed = [name.encode() for name in names]
    if listed != sorted(set(listed)):
        raise Malformed("its options are not in order, or one stands there twice")


def _value(raw: bytes) -> str:
    if not raw:
        return ""
    reader = Reader(raw)
    value = reader.string()
    reader.end()
    if not value:
        raise Malformed("an option has an empty value where it should have none")
    return _legible(value)


def _legible(raw: bytes) -> str:
    text = raw.decode()
    if not is_line(text):
        raise Malformed("a text in it is not legible")
    return text


def _as_text(raw: bytes) -> str:
    return b64encode(raw).decode()
