"""``gatehouse ssh ensure`` where nothing is to be done: the standard library alone, no network.

ssh runs it before each connection, so what it imports is what people wait for.
"""

import sys
import time
from collections.abc import Sequence

from gatehouse_cli.certificates import Certificate, key_blob_of, read_certificate
from gatehouse_cli.failures import Failure
from gatehouse_cli.setups import MARGIN, SetUp, note_times, the_one

QUIET = {"--quiet", "-q"}


def main(arguments: Sequence[str]) -> int:
    """End at once if the certificate is good for long enough; else the command does its work."""
    try:
        wanted = _read(arguments)
        setup = the_one(wanted)
        found = good_one(setup)
        note_times(setup, found.valid_after, found.valid_before)
    except (Failure, LookupError):
        from gatehouse_cli.program import main as everything

        return everything()
    if not QUIET & set(arguments):
        sys.stderr.write(f"{setup.org}: the certificate is good for long enough.\n")
    return 0


def good_one(setup: SetUp) -> Certificate:
    """The certificate of this organization, if it is good now and for a while.

    Raises Failure with what is wrong with it.
    """
    found = read_certificate(setup.certificate)
    if found.key_blob != key_blob_of(setup.public):
        raise Failure("it is for another key")
    if (found.kind, found.organization) != ("user", setup.org):
        raise Failure("it is for something else")
    now = time.time()
    if found.state(now) == "not_yet_valid":
        raise Failure("it is not valid yet")
    if found.valid_before - now <= MARGIN:
        raise Failure("it is at its end")
    return found


def _read(arguments: Sequence[str]) -> str | None:
    """The organization in arguments that are simple. Raises LookupError for all others."""
    match [one for one in arguments if one not in QUIET]:
        case []:
            return None
        case ["--org", org] if org:
            return org
        case _:
            raise LookupError
