"""``gatehouse host``: what a machine does to let people in by certificates, and to be known."""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatehouse_cli.durations import Duration
from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.output import Output, complain
from gatehouse_cli.program import Group, Wishes, passes

if TYPE_CHECKING:
    from gatehouse_cli.hosts.syncing import Outcome

PATH = click.Path(path_type=Path)
THIRD = "33%"
NOT_DUE, ERROR = 1, 2  # Exit codes of `needs-renewal`.
SECRETS_LONGEST = 1024
WHICH_SERVER = "Which server? --server https://id.example.com"


@click.group("host", cls=Group)
def command() -> None:
    """This machine, for its administrator (root)."""


def _on_machine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where everything is."""
    etc = click.option("--etc", type=PATH, default="/etc", help="What stands for /etc.")
    folder = click.option("--folder", type=PATH, help="Where our files are: /etc/ssh/gatehouse.")
    return etc(folder(function))


@command.command("enroll")
@click.argument("token")
@click.option("--key", "keys", type=PATH, multiple=True, help="This host key, and no others.")
@click.option("--no-sshd-config", is_flag=True, help="Show the lines for sshd, do not write them.")
@_on_machine
@passes
def enroll(
    wishes: Wishes,
    *,
    token: str,
    keys: tuple[Path, ...],
    no_sshd_config: bool,
    etc: Path,
    folder: Path | None,
) -> None:
    """Make this machine one of an organization. TOKEN is what its admin got for it, or @FILE, or -
    for what comes on stdin.
    """
    from gatehouse_cli.addresses import server_address
    from gatehouse_cli.hosts import enrolling, sshd, standing
    from gatehouse_cli.profiles import server_of_environment

    machine, output = Machine.at(etc, folder), wishes.output
    given = wishes.server or server_of_environment()
    if not given:
        raise Misused(WHICH_SERVER)
    server, secret = server_address(given), _secret(token)
    state = enrolling.enroll(
        machine, server, secret, keys, complain, with_config=not no_sshd_config
    )
    lines = sshd.lines(machine, state)
    if output.as_json:
        told = {"sshd_config": lines} if no_sshd_config else {}
        output.data({**standing.described(machine, state), **told})
        return
    output.say(f"{', '.join(state.names)} is enrolled in {state.organization}.")
    if no_sshd_config:
        output.say("For sshd_config; reload sshd then:")
        output.line(lines.rstrip("\n"))
    output.say(f"It has to hear what is new: {machine.command('install-timer')}")


@command.command("sync")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@_on_machine
@passes
def sync(wishes: Wishes, *, dry_run: bool, etc: Path, folder: Path | None) -> None:
    """Fetch who is let in and what is revoked, and renew the certificates when they are due.

    Exit 0 if all is as it should be, or another run is at it; 1 if this machine is not enrolled, or
    has none of the keys that were; 2 if something of before stays because what came was not good;
    3 if the server does not know this machine any more; 4 if it renews nothing; 5 if it is not
    reached.
    """
    from gatehouse_cli.hosts import syncing

    done = syncing.sync(Machine.at(etc, folder), complain, dry_run=dry_run)
    _show(wishes, done, dry_run=dry_run)


@command.command("renew")
@click.option("--force", "-f", is_flag=True, help="Also if it is not due.")
@_on_machine
@passes
def renew(wishes: Wishes, *, force: bool, etc: Path, folder: Path | None) -> None:
    """Have the certificates of this machine signed anew, if a third of their life is left."""
    from gatehouse_cli.hosts import standing, syncing
    from gatehouse_cli.hosts.state import read_state

    machine = Machine.at(etc, folder)
    is_wanted = force or standing.is_due(read_state(machine), THIRD)
    _show(wishes, syncing.sync(machine, complain, renew=is_wanted, wait=True))


@command.command("needs-renewal")
@click.option("--within", default=THIRD, help="Less left than that: 33%, 24h.")
@_on_machine
@passes
def needs_renewal(wishes: Wishes, *, within: str, etc: Path, folder: Path | None) -> None:
    """Exit 0 if a certificate is to be renewed, 1 if not, 2 if that cannot be said."""
    from gatehouse_cli.hosts import standing
    from gatehouse_cli.hosts.state import read_state

    try:
        is_due = standing.is_due(read_state(Machine.at(etc, folder)), within)
    except Failure as failure:
        complain(f"gatehouse: {failure}")
        raise SystemExit(ERROR) from None
    if wishes.output.as_json:
        wishes.output.data({"renewal_due": is_due})
    else:
        wishes.output.say("Renewal is due." if is_due else "Renewal is not due.")
    if not is_due:
        raise SystemExit(NOT_DUE)


@command.command("status")
@_on_machine
@passes
def status(wishes: Wishes, *, etc: Path, folder: Path | None) -> None:
    """Say how this machine stands. Exit 1 if something is not as it should be."""
    from gatehouse_cli.hosts import standing
    from gatehouse_cli.hosts.state import read_state

    machine, output = Machine.at(etc, folder), wishes.output
    found = standing.described(machine, read_state(machine))
    if output.as_json:
        output.data(found)
    else:
        output.table(("", ""), _facts(found))
        for problem in found["problems"]:
            complain(problem)
    if found["problems"]:
        raise SystemExit(1)


@command.command("install-timer")
@click.option("--print", "only_print", is_flag=True, help="Show it, and write nothing.")
@click.option("--interval", type=Duration(), default=60, help="How often: 60s, 5m.")
@click.option("--systemd/--cron", "by_systemd", default=None, help="Not what is found here.")
@_on_machine
@passes
def install_timer(
    wishes: Wishes,
    *,
    only_print: bool,
    interval: int,
    by_systemd: bool | None,
    etc: Path,
    folder: Path | None,
) -> None:
    """Have `gatehouse host sync` run again and again: by systemd, or by cron where that is not."""
    from gatehouse_cli.hosts import timers
    from gatehouse_cli.hosts.state import read_state
    from gatehouse_cli.setting_up import program

    machine = Machine.at(etc, folder)
    keys = [Path(key).parent for key in read_state(machine).keys]
    writable = list(dict.fromkeys((machine.ssh, machine.folder, *keys)))
    command_line = [*program(), "host", "sync", "--quiet", *machine.options]
    schedule = timers.Schedule(machine, command_line, interval, writable)
    chosen = machine.is_run_by_systemd if by_systemd is None else by_systemd
    if only_print:
        _print(wishes.output, schedule.of_systemd() if chosen else schedule.of_cron())
        return
    _list(wishes.output, "changed", timers.install(schedule, by_systemd=chosen))
    if not chosen and not timers.has_cron():
        complain(timers.NOBODY.format(command=shlex.join(command_line)))


@command.command("uninstall")
@click.option("--reloaded", is_flag=True, help="sshd was reloaded since our lines are gone.")
@_on_machine
@passes
def uninstall(wishes: Wishes, *, reloaded: bool, etc: Path, folder: Path | None) -> None:
    """Take this machine out: its lines for sshd, and when sshd does without them, the files."""
    from gatehouse_cli.hosts import removing

    _list(wishes.output, "removed", removing.uninstall(Machine.at(etc, folder), reloaded=reloaded))
    wishes.output.say("An admin of the organization deletes the host there.")


@dataclass(frozen=True, slots=True)
class _Words:
    """How changes are told, before and after."""

    changed: str
    removed: str
    renewed: str


DONE = _Words("Written: {}", "Deleted: {}", "The certificates were renewed.")
WOULD = _Words("Would be written: {}", "Would be deleted: {}", "The certificates would be renewed.")
LEFT = "Another run is at it: all is left to that."


def _show(wishes: Wishes, done: "Outcome", *, dry_run: bool = False) -> None:
    """Raises the problem, if there is one."""
    words = WOULD if dry_run else DONE
    if wishes.output.as_json:
        told = {"changed": done.changed, "removed": done.removed}
        listed = {name: [str(path) for path in paths] for name, paths in told.items()}
        wishes.output.data({**listed, "renewed": done.is_renewed})
    else:
        lines = [words.changed.format(path) for path in done.changed]
        lines += [words.removed.format(path) for path in done.removed]
        lines += [words.renewed] if done.is_renewed else []
        for line in lines or [LEFT if done.is_left else "Nothing is new."]:
            wishes.output.say(line)
    if done.problem:
        raise done.problem


def _list(output: Output, what: str, paths: Sequence[Path]) -> None:
    """What became of these files: ``changed`` or ``removed``."""
    if output.as_json:
        output.data({what: [str(path) for path in paths]})
        return
    for path in paths:
        output.say(getattr(DONE, what).format(path))


def _print(output: Output, found: Mapping[Path, str]) -> None:
    """Files that are not written."""
    if output.as_json:
        output.data({"files": {str(path): text for path, text in found.items()}})
        return
    for path, text in found.items():
        output.line(f"# {path}\n{text}".rstrip("\n"))


def _facts(found: Any) -> list[tuple[str, str]]:
    krl = f"version {found['krl_version']}, made {found['krl_generated_at']}"
    certificates = [
        (one["file"], f"{one['state'].replace('_', ' ')}, {one['days_left']} days left")
        for one in found["certificates"]
    ]
    return [
        ("Names", ", ".join(found["names"])),
        ("Organization", f"{found['organization']} at {found['server']}"),
        ("Revocations", krl),
        ("Authorities", found["bundle"]),
        ("Accounts", ", ".join(found["accounts"]) or "none"),
        ("Heard", found["fresh_at"] or "never"),
        *certificates,
    ]


def _secret(given: str) -> str:
    """The token itself, or where it is: an argument is seen by everybody on this machine."""
    try:
        if given == "-":
            return sys.stdin.read(SECRETS_LONGEST).strip()
        if given.startswith("@"):
            with Path(given[1:]).open(encoding="utf-8") as file:
                return file.read(SECRETS_LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        raise Misused(f"{given[1:] or 'stdin'} is not read.") from None
    return given
