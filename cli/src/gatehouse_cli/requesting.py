"""``gatehouse cert request``: keeps what does, asks for what does not, and says what came of it."""

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from gatehouse_cli import keeping
from gatehouse_cli.certificates import NoCertificate, read_certificate
from gatehouse_cli.certifying import Target, Wish, preview, refusals_of, request
from gatehouse_cli.choosing import kept_without_server, noted, place_of, target_meant
from gatehouse_cli.failures import Misused, Unreachable
from gatehouse_cli.telling import foresee, show_kept, show_made

if TYPE_CHECKING:
    from gatehouse_cli.program import Wishes

STAYS = "The certificate that is there is good for long enough (--force)."
OF_A_PERSON = "{file} is your own certificate: plain ssh would lose it. Take the key of the host."
SHOW = "For sshd_config of the host: HostCertificate {file}"
HOW = "Plain ssh goes on with the one for all that you may use. With this one:\n  {command}"


def requested(
    wishes: "Wishes", path: Path | None, org: str | None, wish: Wish, *, force: bool
) -> None:
    """Have a certificate in its place, if need be a new one."""
    try:
        api, target = target_meant(wishes, path, org)
    except Unreachable as failure:
        here = None if force else kept_without_server(wishes, path, org, wish)
        if here is None:
            raise
        wishes.output.say(keeping.NOT_ASKED.format(why=failure))
        show_kept(wishes.output, *here)
        return
    target = replace(target, file=place_of(target.file, wish))
    found = None if force else keeping.kept(api, wishes.output, target, wish)
    if found is None:
        answer, made = request(api, target, wish)
        noted(target.file, made)
        show_made(wishes.output, target.file, answer, made)
    else:
        wishes.output.say(STAYS)
        show_kept(wishes.output, target.file, found)
    if wish.is_narrow:
        wishes.output.say(HOW.format(command=_command(target)))


def requested_for_host(wishes: "Wishes", path: Path, org: str | None, wish: Wish) -> None:
    """Have a new certificate for a machine beside its key. Raises Misused where one of a person
    would be lost.
    """
    api, target = target_meant(wishes, path, org)
    try:
        there = read_certificate(target.file)
    except NoCertificate:
        there = None
    if there is not None and there.kind != wish.kind:
        raise Misused(OF_A_PERSON.format(file=target.file))
    answer, made = request(api, target, wish)
    show_made(wishes.output, target.file, answer, made)
    wishes.output.say(SHOW.format(file=target.file))


def foreseen(wishes: "Wishes", path: Path | None, org: str | None, wish: Wish) -> None:
    """Say what would come of it. Raises Refused if nothing would."""
    api, target = target_meant(wishes, path, org)
    said = preview(api, target, wish)
    lines = refusals_of(said, target.key, api.server)
    foresee(wishes.output, said, lines, is_for_host=bool(wish.hosts))


def _command(target: Target) -> str:
    """What uses a certificate that ssh does not find by itself."""
    private = target.key.private
    key = private if private.is_file() else target.key.path
    return f"ssh -i {quote(str(key))} -o CertificateFile={quote(str(target.file))} HOST"
