"""Profiles: names of servers, and of those the one that is meant."""

import os
import re
from collections.abc import Container
from dataclasses import asdict, dataclass
from itertools import chain, count
from typing import Any
from urllib.parse import urlsplit

from gatehouse_cli.addresses import server_address
from gatehouse_cli.failures import Misused
from gatehouse_cli.places import config_file, folder_for, locked, read_config, write_own

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST = 60  # letters of a name that somebody did not choose: a number may follow
NO_NAME = (
    "{name!r} cannot be the name of a profile: 64 letters, digits, dots, dashes and underscores at"
    " most, the first a letter or digit. Choose another one: --profile NAME"
)
NO_SERVER = "Which server? Sign in with: gatehouse login --server https://id.example.com"


class NoServer(Misused):
    """Nobody is named, and nobody ever signed in here."""


@dataclass(frozen=True, slots=True)
class Profile:
    """``keyring``: whether the system's keyring has the secrets, not a file."""

    name: str
    server: str
    organization: str | None = None
    keyring: bool = False


def chosen(name: str | None, server: str | None) -> Profile:
    """The profile that is meant: the one of this name, else of this server, else the last used.

    A server that no profile has gets one of its host's name. Raises Misused where nothing tells
    the server, and of that NoServer where there is no name, either.
    """
    config = _config()
    known = {key: _profile(key, kept) for key, kept in config["profiles"].items()}
    # What is said with the command counts more than what the environment says.
    by_env = None if name in known else server_of_environment()
    given = server or by_env or None
    address = server_address(given) if given else None
    name = name or os.environ.get("GATEHOUSE_PROFILE") or None
    if name is None:
        by_server = (key for key, profile in known.items() if profile.server == address)
        last = config.get("profile")
        name = next(by_server, _new_name(address, known)) if address else last
    if name is not None and not NAME.fullmatch(name):
        raise Misused(NO_NAME.format(name=name))
    found = known.get(name) if name else None
    if found is not None and address in (None, found.server):
        return found
    if name is None:
        raise NoServer(NO_SERVER)
    if address is None:
        raise Misused(NO_SERVER)
    return Profile(name, address)


def is_named(profile: str, server: str, *, by: tuple[str | None, str | None]) -> bool:
    """Whether this is whom somebody means who names a profile and a server, ``by`` the command or
    the environment. Where neither is named, it may be anybody.
    """
    name, address = by
    name = name or (None if address else os.environ.get("GATEHOUSE_PROFILE")) or None
    if not (name or address or server_of_environment()):
        return True
    return name in (None, profile) and chosen(name, address).server == server


def is_usual(profile: Profile) -> bool:
    """Whether this is whom a command asks with which nobody is named."""
    try:
        usual = chosen(None, None)
    except Misused:
        return False
    return (usual.name, usual.server) == (profile.name, profile.server)


def is_meant(server: str) -> bool:
    """Whether GATEHOUSE_TOKEN is for this server: for the one that a command means where none is
    named with it. Where there is none, it is for whichever is asked.
    """
    named = server_of_environment() or os.environ.get("GATEHOUSE_PROFILE")
    is_for_any = not (named or _config().get("profile"))
    return is_for_any or chosen(None, None).server == server


def server_of_environment() -> str:
    """``GATEHOUSE_SERVER``; or ``SIGN_URL`` of earlier command lines, which named an endpoint."""
    old = os.environ.get("SIGN_URL", "").partition("/api/")[0]
    return os.environ.get("GATEHOUSE_SERVER") or old


def remember(profile: Profile) -> None:
    """Keep a profile, as the one that is meant from now on."""
    path = config_file()
    folder_for(path)
    with locked(path):
        config = _config()
        kept = asdict(profile)
        config["profiles"][kept.pop("name")] = kept
        write_own(path, {**config, "profile": profile.name})


def _config() -> dict[str, Any]:
    found = read_config(config_file())
    found = found if isinstance(found, dict) else {}
    profiles = found.get("profiles")
    return {**found, "profiles": profiles if isinstance(profiles, dict) else {}}


def _profile(name: str, kept: Any) -> Profile:
    try:
        return Profile(
            name,
            server_address(kept["server"]),
            kept.get("organization"),
            keyring=kept.get("keyring") is True,
        )
    except (KeyError, TypeError, AttributeError):
        raise Misused(f"The profile {name} in {config_file()} names no server.") from None


def _new_name(address: str, known: Container[str]) -> str:
    """Called like its host, as far as a name may be long; with a number where that is another."""
    parts = urlsplit(address)
    host = (parts.hostname or "").replace(":", "-").strip("-")
    usual = (f"{host}-{parts.port}" if parts.port else host)[:LONGEST]
    numbered = (f"{usual}-{number}" for number in count(2))
    return next(name for name in chain([usual], numbered) if name not in known)
