"""sshd of this machine: the lines that make it believe an organization, and its word on them."""

import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from subprocess import CompletedProcess

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.programs import run, sshd
from gatehouse_cli.hosts.state import State
from gatehouse_cli.places import PUBLIC_FILE, delete, replace_file, sync_folder

INCLUDE = re.compile(r"^\s*include\s.*sshd_config\.d/\*\.conf", re.IGNORECASE | re.MULTILINE)
NONE, NO = "none", "no"
SHOWN = "HostCertificate"
# As Debian and as all others call it.
SERVICES = ("ssh.service", "sshd.service")
STILL_USED = (
    "sshd goes by files in {folder}: take the lines with them out of its configuration first."
    " Without RevokedKeys nobody gets in by a key."
)


def lines(machine: Machine, state: State) -> str:
    """Directives for files that are in place."""
    about = f"who logs in here by certificates of {state.organization}"
    head = f"# Gatehouse ({state.server}): {about}."
    directives = (f"{name} {_quoted(to)}" for name, to in _directives(machine).items())
    return "".join(f"{line}\n" for line in (head, *directives, *_shown(state)))


def shows_others(machine: Machine, state: State) -> bool:
    """Whether our lines, if they are there, name other certificates than there are by now."""
    try:
        text = machine.drop_in.read_text("utf-8", errors="replace")
    except OSError:
        return False
    return [line for line in text.splitlines() if line.startswith(SHOWN)] != _shown(state)


def certificates_in(state: State) -> list[str]:
    """The files of its certificates, those of keys for which there is one."""
    return [path for path in map(certificate_of, state.keys) if path in state.files]


def certificate_of(key: str) -> str:
    return f"{key.removesuffix('.pub')}-cert.pub"


def check(machine: Machine) -> None:
    """Raises Failure with sshd's own words if it refuses its configuration."""
    done = _asked(machine, "-t")
    if done.returncode:
        raise Failure(f"sshd refuses {machine.config}: {done.stderr.strip()}")


def refuse_others(machine: Machine) -> None:
    """See that we can write lines for sshd, and take the place of nobody.

    Raises Failure, before anything is changed.
    """
    check(machine)
    if not INCLUDE.search(machine.config.read_text("utf-8", errors="replace")):
        raise Failure(
            f"Put the line 'Include {machine.drop_in.parent}/*.conf' at the top of"
            f" {machine.config}, or write the lines yourself: --no-sshd-config"
        )
    found, ours = settings(machine), _directives(machine)
    for name, to in ours.items():
        if found.get(name.lower(), [NONE])[0] not in (NONE, to):
            raise Failure(
                f"sshd has a {name} already: {found[name.lower()][0]}. Ours would take its place."
                " Put both together yourself, with --no-sshd-config."
            )


def set_up(machine: Machine, state: State) -> None:
    """Write our lines, and ask sshd. Raises Failure; what was there is there again then."""
    before = machine.drop_in.read_bytes() if machine.drop_in.exists() else None
    machine.drop_in.parent.mkdir(exist_ok=True)
    replace_file(machine.drop_in, lines(machine, state), PUBLIC_FILE)
    try:
        check(machine)
        _see_that_they_count(machine)
    except Failure:
        _put_back(machine, before)
        raise


def take_down(machine: Machine) -> list[Path]:
    """Take our lines away, and see that sshd does without our files then. Returns what is gone.

    Raises Failure; the lines are there again then.
    """
    before = machine.drop_in.read_bytes() if machine.drop_in.exists() else None
    if before is not None:
        _put_back(machine, None)
    try:
        _see_that_it_does_without(machine)
    except Failure:
        if before is not None:
            _put_back(machine, before)
        raise
    return [] if before is None else [machine.drop_in]


def ignored(machine: Machine, found: Mapping[str, list[str]]) -> list[str]:
    """What sshd, which goes by these settings, does not go by as we have written it."""
    return [
        name
        for name, to in _directives(machine).items()
        if found.get(name.lower(), [NONE])[0] != to
    ]


def reload(machine: Machine) -> bool:
    """Have sshd read its configuration and host certificates. False if none is found to tell."""
    check(machine)  # One that it refuses ends it.
    if machine.is_run_by_systemd:
        return any(_systemctl("try-reload-or-restart", name) for name in SERVICES)
    pid = _pid(machine)
    if pid is None:
        return False
    os.kill(pid, signal.SIGHUP)
    return True


def settings(machine: Machine) -> Mapping[str, list[str]]:
    """What sshd goes by. Raises Failure."""
    done = _asked(machine, "-T")
    if done.returncode:
        raise Failure(f"sshd refuses {machine.config}: {done.stderr.strip()}")
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value.strip('"'))
    return found


def _see_that_it_does_without(machine: Machine) -> None:
    """Raises Failure if a line of its configuration names a file of ours, be it among others.

    `sshd -T` is silent on what stands behind `Match`: that is looked for as it is written.
    """
    told = chain.from_iterable(settings(machine).values())
    paths = (machine.config, *machine.drop_in.parent.glob("*.conf"))
    texts = (path.read_text("utf-8", errors="replace") for path in paths)
    written = (line.lstrip() for text in texts for line in text.splitlines())
    said = (*told, *(line for line in written if not line.startswith("#")))
    if any(f"{machine.folder}/" in line.replace("%%", "%") for line in said):
        raise Failure(STILL_USED.format(folder=machine.folder))


def _shown(state: State) -> list[str]:
    return [f"{SHOWN} {_quoted(path)}" for path in certificates_in(state)]


def _directives(machine: Machine) -> dict[str, str]:
    accounts = str(machine.principals).replace("%", "%%")
    return {
        "TrustedUserCAKeys": str(machine.user_ca),
        # All of these files have to be there: without this one nobody gets in by a key.
        "RevokedKeys": str(machine.krl),
        "AuthorizedPrincipalsFile": f"{accounts}/%u",
    }


def _quoted(path: str) -> str:
    if '"' in path or "\\" in path or not path.isprintable():
        raise Misused(f"{path!r} cannot stand in sshd_config.")
    return f'"{path}"'


def _see_that_they_count(machine: Machine) -> None:
    for name in ignored(machine, settings(machine)):
        raise Failure(f"sshd does not go by {name} in {machine.drop_in}: another one is first.")


def _put_back(machine: Machine, before: bytes | None) -> None:
    if before is None:
        delete(machine.drop_in)
        sync_folder(machine.drop_in.parent)
    else:
        replace_file(machine.drop_in, before, PUBLIC_FILE)


def _asked(machine: Machine, how: str) -> CompletedProcess[str]:
    return run(sshd(), how, "-f", machine.config)


def _systemctl(*words: str) -> bool:
    return run("systemctl", *words).returncode == 0


def _pid(machine: Machine) -> int | None:
    """The process that listens, where sshd says it is, if it is still that."""
    path = settings(machine).get("pidfile", [NONE])[0]
    with suppress(OSError, ValueError):
        pid = int(Path(path).read_text("ascii"))
        if Path(f"/proc/{pid}/comm").read_text("ascii").strip() == "sshd":
            return pid
    return None
