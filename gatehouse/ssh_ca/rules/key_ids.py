"""Key ids: what sshd writes in its log of the certificate that somebody came with. Pure.

``gh1:<organization>:<user>:<e-mail>:<certificate>`` for people,
``gh1:<organization>:host:<host>:<certificate>`` for hosts,
``gh1:<organization>:wl:<rule>:<subject>:<certificate>`` for workloads, and
``gh1:<organization>:break-glass:<key of the authority>:<certificate>`` for emergencies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote
from uuid import UUID

VERSION = "gh1"
LONGEST = 255  # bytes
PLAIN = re.compile(rb"[A-Za-z0-9._@+-]")  # The colon is what stands between the parts.
PLAIN_TEXT = re.compile(r"[A-Za-z0-9._@+-]*")
UUID_TEXT = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PART = r"[A-Za-z0-9._@+%-]*"
OF_USER = re.compile(rf"{VERSION}:({PART}):({UUID_TEXT}):({PART}):({UUID_TEXT})")
OF_HOST = re.compile(rf"{VERSION}:({PART}):host:({UUID_TEXT})():({UUID_TEXT})")
OF_BREAK_GLASS = re.compile(rf"{VERSION}:({PART}):break-glass:({UUID_TEXT})():({UUID_TEXT})")
OF_WORKLOAD = re.compile(rf"{VERSION}:({PART}):wl:({UUID_TEXT}):({PART}):({UUID_TEXT})")


class Holder(StrEnum):
    """Whom a certificate is for."""

    USER = "user"
    HOST = "host"
    WORKLOAD = "workload"
    BREAK_GLASS = "break_glass"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyId:
    """What a key id says. ``id`` is of the user, the host, the rule for workloads, or the
    key of the authority that has signed this alone.

    ``label`` is the e-mail address or the workload's subject, whose end may be cut off. Both are
    of the time of signing; only the ids say for good who it is.
    """

    holder: Holder
    org_slug: str
    id: UUID
    label: str
    certificate_id: UUID


def key_id_of(org_slug: str, user_id: UUID, email: str, certificate_id: UUID) -> str:
    """The key id of a person's certificate. Raises ValueError if the slug alone is too long."""
    return _joined((VERSION, _escaped(org_slug), str(user_id)), email, certificate_id)


def key_id_of_host(org_slug: str, host_id: UUID, certificate_id: UUID) -> str:
    """The key id of a host's certificate. Raises ValueError if the slug alone is too long."""
    return _of_a_thing(org_slug, "host", host_id, certificate_id)


def key_id_of_break_glass(org_slug: str, authority_key_id: UUID, certificate_id: UUID) -> str:
    """The key id of the certificate for emergencies. Raises ValueError if the slug alone is too
    long.
    """
    return _of_a_thing(org_slug, "break-glass", authority_key_id, certificate_id)


def key_id_of_workload(org_slug: str, rule_id: UUID, subject: str, certificate_id: UUID) -> str:
    """The key id of a job's certificate; ``subject`` is the claim ``sub`` of its token.

    Raises ValueError if the slug alone is too long.
    """
    begin = (VERSION, _escaped(org_slug), "wl", str(rule_id))
    return _joined(begin, subject, certificate_id)


def read_key_id(text: str) -> KeyId | None:
    """What a key id says, or None for what was not written here."""
    for holder, pattern in PATTERNS.items():
        found = pattern.fullmatch(text)
        if found:
            slug, holder_id, label, certificate_id = found.groups()
            read = KeyId(
                holder=holder,
                org_slug=unquote(slug),
                id=UUID(holder_id),
                label=unquote(label),
                certificate_id=UUID(certificate_id),
            )
            return read if len(text) <= LONGEST and _is_canonical(slug, label) else None
    return None


PATTERNS = {
    Holder.USER: OF_USER,
    Holder.HOST: OF_HOST,
    Holder.WORKLOAD: OF_WORKLOAD,
    Holder.BREAK_GLASS: OF_BREAK_GLASS,
}


def _of_a_thing(org_slug: str, kind: str, thing_id: UUID, certificate_id: UUID) -> str:
    begin = (VERSION, _escaped(org_slug), kind)
    return _checked(":".join((*begin, str(thing_id), str(certificate_id))))


def _is_canonical(*parts: str) -> bool:
    """Whether each is spelled as we spell it; another spelling is somebody else's."""
    return all(_escaped(unquote(part)) == part for part in parts)


def _joined(begin: tuple[str, ...], label: str, certificate_id: UUID) -> str:
    """All parts, and of the label as much as there is room for, without half a character."""
    frame = _checked(":".join((*begin, "", str(certificate_id))))
    fitting = _escaped(label)
    if len(frame) + len(fitting) > LONGEST:
        fitting = _cut(label, LONGEST - len(frame))
    return ":".join((*begin, fitting, str(certificate_id)))


def _cut(label: str, room: int) -> str:
    fitting = ""
    for sign in _signs(label):
        if len(fitting) + len(sign) > room:
            break
        fitting += sign
    return fitting


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError("the slug is too long for a key id")
    return text


def _escaped(text: str) -> str:
    return text if PLAIN_TEXT.fullmatch(text) else "".join(_signs(text))


def _signs(text: str) -> Iterator[str]:
    """Each character as itself, or as the percent-encoding of its UTF-8 (RFC 3986 2.1)."""
    for character in text:
        raw = character.encode(errors="replace")
        yield character if PLAIN.fullmatch(raw) else "".join(f"%{byte:02X}" for byte in raw)
