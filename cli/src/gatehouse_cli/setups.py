"""What ``gatehouse ssh setup`` has set up: for each organization its key, its hosts, its files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.places import (
    OWN_FOLDER,
    own_folder,
    read_config,
    replace_file,
    write_own,
)

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# A certificate is renewed so many seconds before its end: a login takes some of them.
MARGIN = 120
MISSING = "{org} is not set up here: gatehouse ssh setup --org {org}{others}"
NONE = "No organization is set up here. Set one up: gatehouse ssh setup --org SLUG"


def ssh_folder() -> Path:
    return Path.home() / ".ssh"


def folder() -> Path:
    return ssh_folder() / "gatehouse"


def prepared() -> Path:
    """Our folder, made if it is not there; and ``~/.ssh`` as ssh would make it."""
    try:
        ssh_folder().mkdir(OWN_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{ssh_folder()} is not made: {error.strerror}.") from None
    return own_folder(folder())


class SetUp(NamedTuple):
    """``key``: what ssh is told to use, a private key or, of one in the agent, its public half."""

    org: str
    org_id: str
    server: str
    profile: str
    key: str
    patterns: tuple[str, ...] = ()

    @property
    def is_public_alone(self) -> bool:
        """Whether an agent, maybe for a piece of hardware, has the private key."""
        return self.key.endswith(".pub")

    @property
    def public(self) -> Path:
        return Path(self.key if self.is_public_alone else f"{self.key}.pub")

    @property
    def certificate(self) -> Path:
        return folder() / f"{self.org}-cert.pub"

    @property
    def known_hosts(self) -> Path:
        return folder() / f"{self.org}-known_hosts"

    @property
    def times(self) -> Path:
        """From when until when the certificate is good, for a shell: two numbers."""
        return folder() / f"{self.org}.times"

    @property
    def refusal(self) -> Path:
        """What the server said last, for those who wait for the same."""
        return folder() / f"{self.org}.refusal"


def note_times(setup: SetUp, valid_after: int, valid_before: int) -> None:
    """Tell the shell how long it need not ask us."""
    text = f"{valid_after} {valid_before - MARGIN}\n"
    try:
        known = setup.times.read_text("utf-8", errors="replace") == text
    except OSError:
        known = False
    if not known:
        replace_file(setup.times, text)


def all_of_them() -> dict[str, SetUp]:
    """By slug. Raises Failure where the file is damaged."""
    path = _file()
    found = read_config(path)
    if found is None:
        return {}
    try:
        return {org: _setup(org, kept) for org, kept in found.items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Failure(f"{path} is damaged. Delete it, and set up anew.") from None


def the_one(org: str | None) -> SetUp:
    """The one that is named, or the only one. Raises Failure, Misused."""
    found = find(org)
    if found is None:
        known = ", ".join(sorted(all_of_them()))
        others = f" Set up are: {known}." if known else ""
        raise Failure(MISSING.format(org=org, others=others) if org else NONE)
    return found


def find(org: str | None, among: Mapping[str, SetUp] | None = None) -> SetUp | None:
    """The one that is named, or the only one; None where there is none. Raises Misused where
    nobody named one of several.
    """
    known = all_of_them() if among is None else among
    if org:
        return known.get(org)
    if len(known) > 1:
        raise Misused(f"Which organization? --org {' | '.join(sorted(known))}")
    return next(iter(known.values()), None)


def keep(setups: Mapping[str, SetUp]) -> None:
    kept = {org: setup._asdict() for org, setup in sorted(setups.items())}
    for one in kept.values():
        del one["org"]
    write_own(_file(), kept)


def _file() -> Path:
    return folder() / "organizations.json"


def _setup(org: str, kept: dict[str, Any]) -> SetUp:
    found = SetUp(org, **kept)
    texts = (found.org_id, found.server, found.profile, found.key)
    if not SLUG.fullmatch(org) or not all(isinstance(text, str) for text in texts):
        raise ValueError
    return found._replace(patterns=tuple(map(str, found.patterns)))
