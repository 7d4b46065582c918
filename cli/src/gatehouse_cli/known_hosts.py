"""The lines by which ssh knows the machines of an organization: its host authorities' keys."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from urllib.parse import quote

from gatehouse_cli.api import NOT_FOUND
from gatehouse_cli.failures import Unreachable
from gatehouse_cli.patterns import matches
from gatehouse_cli.places import replace_file
from gatehouse_cli.refusals import UNAVAILABLE
from gatehouse_cli.setups import SetUp
from gatehouse_cli.transport import NO_GATEHOUSE, send

MARKERS = ("@cert-authority", "@revoked")
PARTS = 4  # Marker, patterns, type, key.


def fetch(setup: SetUp) -> str | None:
    """The lines as the server has them now; None where the organization has no host authority.

    They are asked for by its id: its slug may be another's once it is deleted. Raises Unreachable
    for everything that is not such lines: what was fetched before stays.
    """
    url = f"{setup.server}/api/v1/ssh/orgs/{quote(setup.org_id, safe='')}/known_hosts"
    answer = send("GET", url, headers={"Accept": "text/plain"})
    if answer.status_code in (NOT_FOUND, UNAVAILABLE):
        return None
    if not answer.is_success or not all(map(_is_one, _lines(answer.text))):
        raise Unreachable(f"{setup.server} {NO_GATEHOUSE} (HTTP {answer.status_code})")
    return answer.text


def write(setup: SetUp, text: str) -> None:
    replace_file(setup.known_hosts, text if text.endswith("\n") or not text else f"{text}\n")


def patterns_in(text: str) -> tuple[str, ...]:
    """For which machines the authorities speak."""
    found = [line.split()[1] for line in _lines(text) if line.startswith(MARKERS[0])]
    return tuple(dict.fromkeys(pattern for list_ in found for pattern in list_.split(",")))


def keys_in(text: str) -> set[tuple[str, str]]:
    """Which keys are believed, and which are revoked."""
    lines = (line.split() for line in _lines(text))
    return {(words[0], words[3]) for words in lines if len(words) >= PARTS}


def knows(text: str, host: str) -> bool:
    """Whether one of the lines speaks for this machine."""
    lines = [line.split() for line in _lines(text)]
    return any(
        words[0] == MARKERS[0] and matches(host, words[1].split(","))
        for words in lines
        if len(words) >= PARTS
    )


def _lines(text: str) -> Iterable[str]:
    """Those that ssh reads: nothing but a line feed ends one, and only blanks and tabs count for
    nothing (hostfile.c).
    """
    lines = (line.strip(" \t") for line in text.split("\n"))
    return (line for line in lines if line and not line.startswith("#"))


def _is_one(line: str) -> bool:
    """A marker, patterns, a type and a key: nothing that trusts a single key of a machine."""
    words = line.split()
    if len(words) < PARTS or words[0] not in MARKERS or not line.isprintable():
        return False
    try:
        return words[2].encode() in b64decode(words[3], validate=True)[:64]
    except (NotBase64, ValueError):
        return False
