"""The subject of a certificate, as people and tools write it (RFC 4514). Pure."""

import re
from collections.abc import Iterator, Mapping

from cryptography import x509
from cryptography.x509 import NameOID

LONGEST = 500
EXAMPLE = "Must be a subject such as CN=reports,O=Example (RFC 4514)."
# Types by the names of RFC 4519 and those that tools print; how they are written means nothing.
TYPES: Mapping[str, x509.ObjectIdentifier] = {
    **{
        name.replace("_", ""): oid
        for name, oid in vars(NameOID).items()
        if isinstance(oid, x509.ObjectIdentifier)
    },
    "CN": NameOID.COMMON_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
    "STREET": NameOID.STREET_ADDRESS,
    "DC": NameOID.DOMAIN_COMPONENT,
    "UID": NameOID.USER_ID,
    "E": NameOID.EMAIL_ADDRESS,
    "SN": NameOID.SURNAME,
    "GN": NameOID.GIVEN_NAME,
}
OID = re.compile(r"(?:OID\.)?([0-2](?:\.(?:0|[1-9][0-9]*))+)", re.IGNORECASE)
PAIR = r'\\(?:[0-9A-Fa-f]{2}|[ #="+,;<>\\])'
PART = re.compile(
    rf"""
    \ *(?P<type>[A-Za-z0-9.\-]+)\ *=\ *
    (?:
        "(?P<quoted>(?:[^"\\]|{PAIR})+)"
        | \#(?P<hex>(?:[0-9A-Fa-f]{{2}})+)
        | (?P<bare>(?:[^ ,+"\\;<>\#]|{PAIR})(?:(?:[^,+"\\;<>]|{PAIR})*(?:[^ ,+"\\;<>]|{PAIR}))?)
    )
    \ *(?P<end>[,+]|$)
    """,
    re.VERBOSE,
)
ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)
# UTF8String, PrintableString and IA5String, by their tags (X.690 8.1.2).
ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii"}


class NoSubject(ValueError):
    """``args[0]`` says what is wrong, to whoever registers a client."""


def subject_of(text: str) -> x509.Name:
    """What the text means: the last part of it stands first in a certificate. Raises NoSubject."""
    found: list[list[x509.NameAttribute[str]]] = [[]]
    for part in _parts(text):
        found[-1].append(_attribute(part))
        if part["end"] == ",":
            found.append([])
    try:
        return x509.Name(x509.RelativeDistinguishedName(each) for each in reversed(found))
    except ValueError:  # It has one value twice.
        raise NoSubject(EXAMPLE) from None


def _parts(text: str) -> Iterator[re.Match[str]]:
    place, end = 0, ","
    while end:
        part = PART.match(text, place)
        if part is None:
            raise NoSubject(EXAMPLE)
        yield part
        place, end = part.end(), part["end"]


def _attribute(part: re.Match[str]) -> x509.NameAttribute[str]:
    kind = part["type"]
    dotted = OID.fullmatch(kind)
    try:
        oid = x509.ObjectIdentifier(dotted[1]) if dotted else TYPES[kind.upper()]
        return x509.NameAttribute(oid, _value(part))
    except KeyError:
        raise NoSubject(f"{kind} is no type of a subject. Name it by its OID.") from None
    except ValueError:
        raise NoSubject(f"The value of {kind} cannot stand in a certificate.") from None


def _value(part: re.Match[str]) -> str:
    if part["hex"] is not None:
        return _of_hex(bytes.fromhex(part["hex"]))
    text: str = part["bare"] if part["quoted"] is None else part["quoted"]
    value = ESCAPED.sub(_plain, text.encode()).decode()
    if not value.isprintable():
        raise ValueError("It is not in one line.")
    return value


def _plain(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if len(found[1]) > 1 else found[1]


def _of_hex(raw: bytes) -> str:
    """What RFC 4514 2.4 has for types that it does not name: the value as it is in a certificate.
    Its length is one byte, so this is for less than 128 of them.
    """
    if len(raw) < 3 or raw[0] not in ENCODINGS or raw[1] != len(raw) - 2:  # noqa: PLR2004
        raise ValueError("It is no text.")
    return raw[2:].decode(ENCODINGS[raw[0]])


def plain_subject(text: str) -> str:
    """The one plain spelling of a right subject."""
    return subject_of(text).rfc4514_string({NameOID.EMAIL_ADDRESS: "emailAddress"})


def subject_problem(text: str) -> str:
    """What keeps this from naming a certificate; nothing if nothing does."""
    if len(text) > LONGEST or not text.isprintable():
        return f"Must be text of 1 to {LONGEST} characters in one line."
    try:
        subject_of(text)
    except NoSubject as error:
        return str(error)
    return ""
