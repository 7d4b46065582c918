"""Whether a certificate that is here stays, or a new one is asked for: the server is asked first.

It may have been revoked from elsewhere, and its holder may have been given more since.
"""

import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse_cli.api import NotThere
from gatehouse_cli.certificates import Certificate, NoCertificate, read_certificate
from gatehouse_cli.certifying import Target, Wish, preview, refusals_of
from gatehouse_cli.failures import Failure, NotSignedIn, Unreachable

if TYPE_CHECKING:
    from gatehouse_cli.api import Api
    from gatehouse_cli.output import Output
    from gatehouse_cli.ssh_keys import PublicKey

VALID = "valid"
NOT_ASKED = "{why}\nThe certificate that is there is kept. Nobody could say whether it was revoked."

MORE = "A new one would have {names}, too. It is not to be had:\n{why}"


@dataclass(frozen=True, slots=True)
class Told:
    """What the server says of a certificate that is here.

    ``state`` is empty where it knows none; ``principals`` are those that a new one would have.
    """

    state: str
    principals: AbstractSet[str] = frozenset()


def is_kept(found: Certificate, wish: Wish, told: Told) -> bool:
    """Whether nothing better would come of asking."""
    lacks = told.principals - set(found.principals)
    return told.state == VALID and (bool(wish.principals) or not lacks)


def kept(api: "Api", output: "Output", target: Target, wish: Wish) -> Certificate | None:
    """The certificate that is there, if it does as well as a new one."""
    found = find(target.file, target.key, wish)
    if found is None or found.organization != target.organization["slug"]:
        return None
    try:
        state = _state(api, found)
        is_valid = state == VALID
        told = Told(state, _principals(api, output, target, wish, found) if is_valid else set())
    except Unreachable as failure:
        output.say(NOT_ASKED.format(why=failure))
        return found
    return found if is_kept(found, wish, told) else None


def find(file: Path, key: "PublicKey", wish: Wish) -> Certificate | None:
    """The certificate in a file, if by itself it does. Asks no server."""
    try:
        found = read_certificate(file)
    except NoCertificate:
        return None
    does = found.key_blob == key.blob and wish.is_met_by(found, time.time())
    return found if does and found.organization else None


def _state(api: "Api", found: Certificate) -> str:
    try:
        return str(api.get(f"/ssh/certificates/{found.id}")["state"])
    except NotThere:
        return ""


def _principals(
    api: "Api", output: "Output", target: Target, wish: Wish, found: Certificate
) -> frozenset[str]:
    """What a new one would have; nothing where there would be none, which is said if it matters."""
    if wish.principals:
        return frozenset()
    try:
        said = preview(api, target, wish)
    except (Unreachable, NotSignedIn):
        raise
    except Failure:
        return frozenset()
    included = frozenset(one["name"] for one in said["principals"] if one["included"])
    if said["allowed"]:
        return included
    if more := sorted(included - set(found.principals)):
        why = "\n".join(refusals_of(said, target.key, api.server))
        output.say(MORE.format(names=", ".join(more), why=why))
    return frozenset()
