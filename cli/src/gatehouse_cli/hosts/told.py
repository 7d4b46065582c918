"""What the server tells a machine, read as strictly as if anybody could have said it."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gatehouse_cli.certificates import FIELDS, Reader
from gatehouse_cli.hosts.failures import NotGood

# The name of an account is the name of a file here (useradd(8), CAVEATS).
ACCOUNT = re.compile(r"[a-z_][a-z0-9._-]{0,31}")
# A line of AuthorizedPrincipalsFile has options before the name: there are none in these.
PRINCIPAL = re.compile(r"[a-z0-9_][a-z0-9._:@-]{0,63}")
BUNDLE = re.compile(r"[0-9a-f]{16}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class Told(NamedTuple):
    """What this machine shall have. Keys are lines: a type and a key."""

    host_id: str
    organization: str
    names: list[str]
    principals: Mapping[str, Sequence[str]]
    bundle: str
    user_ca: list[str]
    host_ca: list[str]
    krl_version: int
    krl_url: str
    krl_signer: str
    renewal_due: bool


def read(answer: Any) -> Told:
    """Raises NotGood for anything that is not whole: nothing of it is used then."""
    try:
        return _read(answer)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise NotGood("The server tells something else than what a machine needs.") from None


def strings(found: Any) -> list[str]:
    """Raises ValueError for what is no list of texts."""
    if not isinstance(found, list):
        raise ValueError  # noqa: TRY004 - it is their value that is wrong
    return [text(one) for one in found]


def text(found: Any, form: re.Pattern[str] | None = None) -> str:
    """Raises ValueError for what is no text of this form, on one line."""
    if not isinstance(found, str) or not found.isprintable():
        raise ValueError
    if form and not form.fullmatch(found):
        raise ValueError
    return found


def key_line(found: Any) -> str:
    """A type and a key. Raises ValueError for what is no public key."""
    words = text(found).split()
    reader = Reader(b64decode(words[1] if len(words) > 1 else "", validate=True))
    if reader.text() != words[0] or words[0] not in FIELDS:
        raise ValueError
    for _ in range(FIELDS[words[0]]):
        if not reader.string():
            raise ValueError
    if reader.rest:
        raise ValueError
    return " ".join(words[:2])


def _read(answer: Any) -> Told:
    version = answer["krl_version"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise ValueError
    return Told(
        host_id=text(answer["host_id"]),
        organization=text(answer["organization"], SLUG),
        names=strings(answer["names"]),
        principals={
            text(account, ACCOUNT): [text(one, PRINCIPAL) for one in strings(listed)]
            for account, listed in answer["principals"].items()
        },
        bundle=text(answer["bundle"], BUNDLE),
        user_ca=[key_line(line) for line in strings(answer["user_ca"])],
        host_ca=[key_line(line) for line in strings(answer["host_ca"])],
        krl_version=version,
        krl_url=text(answer["krl_url"]),
        krl_signer=key_line(answer["krl_signer"]),
        renewal_due=answer.get("renewal_due", False) is True,
    )
