"""``gatehouse ssh setup``: a key, the lines for ssh, and a first certificate."""

import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from gatehouse_cli import known_hosts, ssh_config
from gatehouse_cli.certifying import Wish, organization_of
from gatehouse_cli.failures import Misused
from gatehouse_cli.own_key import enrolled, made, path_of
from gatehouse_cli.patterns import shared
from gatehouse_cli.places import delete, lock_of, locked
from gatehouse_cli.setups import SLUG, SetUp, all_of_them, folder, keep, prepared
from gatehouse_cli.ssh_keys import read_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse_cli.program import Wishes

WHICH_HOSTS = (
    "For which machines? --host '*.example.com'; or an admin tells all of you: host_patterns in the"
    " organization's SSH policy."
)
OF_ANOTHER = (
    "{patterns}: machines of {other} here. Whose authority is to be believed for which? Say it of"
    " {org}: --host"
)


def set_up(
    wishes: "Wishes", org: str | None, hosts: "Sequence[str]", key: Path | None, *, inline: bool
) -> SetUp:
    """Set an organization up, or change how it is. Raises Failure; what is written then stays,
    and ssh gets the certificate later.
    """
    from gatehouse_cli.keeping import kept
    from gatehouse_cli.renewing import ensured, target_of

    api, output = wishes.api(), wishes.output
    setup, lines = _planned(wishes, org, hosts, key)
    is_own = setup.key == str(path_of(setup.org))
    public = made(setup.org) if is_own else read_key(setup.public)
    enrolled(api, output, public, setup.org, is_own=is_own)
    with locked(prepared() / "organizations.json"):
        known = {**all_of_them(), setup.org: setup}
        ssh_config.write(known.values(), program(), inline=inline or ssh_config.is_inline())
        keep(known)
    if lines is None:
        output.say(f"{setup.org} has no authority for machines: their own keys are asked about.")
    known_hosts.write(setup, lines or "")
    if other_home := ssh_config.elsewhere():
        output.say(other_home)
    ensured(setup, anew=kept(api, output, target_of(setup), Wish()) is None)
    return setup


def printed(wishes: "Wishes", org: str | None, hosts: "Sequence[str]", key: Path | None) -> str:
    """What would be written for ssh. Changes nothing."""
    setup, _ = _planned(wishes, org, hosts, key)
    return ssh_config.block(setup, program()).rstrip("\n")


def removed(setup: SetUp) -> None:
    """Take an organization out. Its key stays: whoever deletes that says so themselves."""
    with locked(folder() / "organizations.json"):
        known = all_of_them()
        del known[setup.org]
        ssh_config.write(known.values(), program(), inline=ssh_config.is_inline())
        keep(known)
    narrower = folder().glob(f"{setup.org}+*-cert.pub")
    of_renewing = (setup.times, lock_of(setup.times), setup.refusal)
    for path in (setup.certificate, *narrower, setup.known_hosts, *of_renewing):
        delete(path)


def program() -> list[str]:
    """How ssh and timers run this command. What is started from a desktop has another PATH."""
    found = which("gatehouse")
    # Without -P it would be whatever is called gatehouse_cli in the folder where somebody is.
    as_module = [sys.executable, "-P", "-m", "gatehouse_cli"]
    return [str(Path(found).absolute())] if found else as_module


def _planned(
    wishes: "Wishes", org: str | None, hosts: "Sequence[str]", key: Path | None
) -> tuple[SetUp, str | None]:
    """What is to be set up, and the lines for its known hosts; nothing is written."""
    api, profile = wishes.api(), wishes.chosen()
    organization = organization_of(api, org or profile.organization)
    slug = organization["slug"]
    if not SLUG.fullmatch(slug):
        raise Misused(f"{slug!r} cannot be the name of a file.")
    before = all_of_them().get(slug)
    if key:
        path = _private(str(key.expanduser().absolute()))
    else:
        path = before.key if before else str(path_of(slug))
    setup = SetUp(slug, organization["id"], profile.server, profile.name, path)
    lines = known_hosts.fetch(setup)
    known = before.patterns if before else ()
    told = known_hosts.patterns_in(lines or "")
    wanted = hosts or known or told
    if not wanted:
        raise Misused(WHICH_HOSTS)
    setup = setup._replace(patterns=ssh_config.checked_patterns(wanted))
    if wanted is told:
        _refuse_those_of_others(setup)
    # What cannot stand there is refused before anything is made.
    ssh_config.block(setup, program())
    return setup, lines


def _refuse_those_of_others(setup: SetUp) -> None:
    """What an organization calls its own may be another's: nobody's authority is believed for such
    machines because its admins say so. Raises Misused.
    """
    for other in all_of_them().values():
        if other.org != setup.org and (found := shared(setup.patterns, other.patterns)):
            names = ", ".join(found)
            raise Misused(OF_ANOTHER.format(patterns=names, other=other.org, org=setup.org))


def _private(path: str) -> str:
    """The private key of a ``.pub`` file; the public one itself where the agent has the other."""
    private = path.removesuffix(".pub")
    is_in_agent = path.endswith(".pub") and not Path(private).exists()
    return path if is_in_agent else private
