"""What a certificate says, and the last guard before one is signed. Pure."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import ip_address, ip_network

from gatehouse.core.openssh.layouts import FIDO, RSA, key_type, rsa_bits
from gatehouse.core.openssh.wire import Malformed

MOST = 2**64 - 1
NONCE_BYTES = 32
LONGEST_KEY_ID = 255
LONGEST_VALUE = 4096
LONGEST_HOST = 253
MOST_PRINCIPALS = 256  # SSHKEY_CERT_MAX_PRINCIPALS
LEAST_RSA_BITS = 2048
PRINCIPAL = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
ADDRESS = re.compile(r"[0-9a-f.:]+")
NETWORK = re.compile(r"[0-9a-f.:]+/[0-9]+")
VERIFY_REQUIRED = "verify-required"
# PROTOCOL.certkeys "Extensions": these have no value. Others are name@domain (RFC 4251 6).
EXTENSIONS = frozenset(
    {
        "no-touch-required",
        "permit-X11-forwarding",
        "permit-agent-forwarding",
        "permit-port-forwarding",
        "permit-pty",
        "permit-user-rc",
    }
)
OWN_EXTENSION = re.compile(r"(?=.{3,64}\Z)[A-Za-z0-9._-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class BadTerms(ValueError):
    """No certificate may say this. ``field`` is the one of Terms (or argument) that is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class Kind(IntEnum):
    """Whom a certificate is for, as it stands in it (PROTOCOL.certkeys)."""

    USER = 1
    HOST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a certificate says of ``subject``, which is the blob of a public key.

    ``valid_after`` (the first second) and ``valid_before`` (the first one no more) are seconds
    since 1970. Options and extensions without a value have an empty one.
    """

    subject: bytes
    serial: int
    kind: Kind
    key_id: str
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical_options: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)
    nonce: bytes = field(default_factory=lambda: os.urandom(NONCE_BYTES))


def check(terms: Terms, authority: bytes) -> None:
    """Refuse what no certificate by ``authority`` (the blob of its key) may say.

    PROTOCOL.certkeys. Raises BadTerms, which names the field.
    """
    _check_keys(terms.subject, authority)
    demand(1 <= terms.serial <= MOST, "serial", "not from 1 to 2**64-1")
    demand(terms.kind in tuple(Kind), "kind", "neither user nor host")
    _check_key_id(terms.key_id)
    _check_principals(terms)
    demand(0 <= terms.valid_after <= MOST, "valid_after", "not from 0 to 2**64-1")
    demand(terms.valid_after < terms.valid_before <= MOST, "valid_before", "not after valid_after")
    _check_critical_options(terms)
    _check_extensions(terms)
    demand(len(terms.nonce) == NONCE_BYTES, "nonce", "not of 32 bytes")


def demand(holds: bool, field: str, why: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise BadTerms unless something holds."""
    if not holds:
        raise BadTerms(field, why)


def is_line(text: str) -> bool:
    """Whether a text has nothing but signs that are seen, and blanks: it stays one line."""
    return text.isprintable()


def _check_keys(subject: bytes, authority: bytes) -> None:
    for name, blob in (("subject", subject), ("authority", authority)):
        try:
            is_weak = key_type(blob) == RSA and rsa_bits(blob) < LEAST_RSA_BITS
        except Malformed as error:
            raise BadTerms(name, str(error)) from error
        demand(not is_weak, name, "an RSA key of less than 2,048 bits")
    demand(subject != authority, "subject", "the key of the authority")


def _check_key_id(key_id: str) -> None:
    demand(is_line(key_id), "key_id", "not legible")
    demand(1 <= len(key_id.encode()) <= LONGEST_KEY_ID, "key_id", "not of 1 to 255 bytes")


def _check_principals(terms: Terms) -> None:
    # Without principals a certificate is good for every account, or every host.
    named = terms.principals
    demand(isinstance(named, tuple), "principals", "not a tuple")
    demand(1 <= len(named) <= MOST_PRINCIPALS, "principals", "not 1 to 256 of them")
    demand(len(set(named)) == len(named), "principals", "one of them twice")
    is_good = is_host if terms.kind == Kind.HOST else PRINCIPAL.fullmatch
    demand(all(map(is_good, named)), "principals", "one of them is not a name")


def is_host(name: str) -> bool:
    """Whether this is a name or an address of one host, spelled as clients look for it."""
    last = name.rpartition(".")[2]
    if ":" in name or last.isdigit():
        return _is_canonical_address(name)
    return len(name) <= LONGEST_HOST and HOST.fullmatch(name) is not None


def _is_canonical_address(text: str) -> bool:
    try:
        return ADDRESS.fullmatch(text) is not None and str(ip_address(text)) == text
    except ValueError:
        return False


def _check_critical_options(terms: Terms) -> None:
    options = terms.critical_options
    name = "critical_options"
    if terms.kind == Kind.HOST:
        demand(not options, name, "clients refuse host certificates with any")
    for option, value in options.items():
        checked = OPTIONS.get(option)
        demand(checked is not None, name, "sshd refuses certificates with an option unknown to it")
        demand(checked is not None and checked(value), name, f"{option} with a wrong value")
    # sshd overlooks it for other keys: the certificate would promise what nobody checks.
    is_for_fido = key_type(terms.subject) in FIDO
    demand(is_for_fido or VERIFY_REQUIRED not in options, name, f"{VERIFY_REQUIRED} needs FIDO")


def _is_value(value: str) -> bool:
    return is_line(value) and 1 <= len(value.encode()) <= LONGEST_VALUE


def _is_command(value: str) -> bool:
    return _is_value(value) and not value.isspace()


def _are_networks(value: str) -> bool:
    networks = value.split(",")
    return _is_value(value) and len(set(networks)) == len(networks) and all(map(_is_cidr, networks))


def _is_cidr(text: str) -> bool:
    """Whether a network is spelled as sshd understands it: host bits make it refuse everybody."""
    try:
        return NETWORK.fullmatch(text) is not None and str(ip_network(text)) == text
    except ValueError:
        return False


def _is_empty(value: str) -> bool:
    return value == ""


OPTIONS = {
    "force-command": _is_command,
    "source-address": _are_networks,
    VERIFY_REQUIRED: _is_empty,
}


def _check_extensions(terms: Terms) -> None:
    name = "extensions"
    if terms.kind == Kind.HOST:
        demand(not terms.extensions, name, "host certificates have none")
    for extension, value in terms.extensions.items():
        if extension in EXTENSIONS:
            demand(_is_empty(value), name, f"{extension} has no value")
        else:
            is_own = OWN_EXTENSION.fullmatch(extension) is not None
            demand(is_own, name, "one of them is neither OpenSSH's nor name@domain")
            demand(_is_empty(value) or _is_value(value), name, "one with a wrong value")
