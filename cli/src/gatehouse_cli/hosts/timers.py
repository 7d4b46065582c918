"""What runs ``gatehouse host sync`` again and again: a timer of systemd, or a line for cron."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.programs import WHERE, run
from gatehouse_cli.places import PUBLIC_FILE, delete, replace_file

NAME = "gatehouse-host-sync"
MINUTE, HOUR = 60, 3600
# What it may write is where its files and those beside sshd's keys are, and nothing else.
SERVICE = """\
# Written by gatehouse host install-timer.
[Unit]
Description=Fetch from Gatehouse who may log in here, and what is revoked
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
TimeoutStartSec=180
UMask=0022
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""
TIMER = """\
# Written by gatehouse host install-timer.
[Unit]
Description=Fetch from Gatehouse who may log in here, and what is revoked

[Timer]
OnBootSec=15s
OnUnitInactiveSec={seconds}s
RandomizedDelaySec={delay}s
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
CRON = """\
# Written by gatehouse host install-timer.
{when} root {command}
"""


# Who has written files for accounts by hand may lose a way in by it: that is for them to say.
SCRIPT = (
    "install.sh has set this machine up, and what it left writes the same files. As an enrolled"
    " machine it lets those in that its host's record names, and not who stands in {accounts}."
    " Take away what install.sh left, and enrol again: {command}"
)
NOBODY = "There is no cron here that would run it. Have this run each minute: {command}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """``command`` is run every ``seconds``; it may write below ``writable``."""

    machine: Machine
    command: Sequence[str]
    seconds: int
    writable: Sequence[Path]

    def of_systemd(self) -> dict[Path, str]:
        folder = self.machine.etc / "systemd" / "system"
        service = SERVICE.format(
            command=" ".join(map(_for_systemd, self.command)),
            writable=" ".join(_for_systemd(str(path)) for path in self.writable),
        )
        timer = TIMER.format(seconds=self.seconds, delay=self.seconds // 10)
        return {folder / f"{NAME}.service": service, folder / f"{NAME}.timer": timer}

    def of_cron(self) -> dict[Path, str]:
        """Raises Misused for what cron has no word for."""
        if not MINUTE <= self.seconds <= HOUR or self.seconds % MINUTE:
            raise Misused("cron counts minutes: --interval from 1m to 1h.")
        minutes = self.seconds // MINUTE
        when = "0 * * * *" if self.seconds == HOUR else f"*/{minutes} * * * *"
        # cron(5): a percent sign is the end of a line.
        command = shlex.join(self.command).replace("%", r"\%")
        return {self.machine.etc / "cron.d" / NAME: CRON.format(when=when, command=command)}


def install(schedule: Schedule, *, by_systemd: bool) -> list[Path]:
    """Write it and have it run. Returns the files."""
    found = schedule.of_systemd() if by_systemd else schedule.of_cron()
    remove(schedule.machine)
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text, PUBLIC_FILE)
    if by_systemd and schedule.machine.is_run_by_systemd:
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", f"{NAME}.timer")
    return list(found)


def has_cron(path: str = WHERE) -> bool:
    """Whether there is a program that would read the file, by either name that it has: not that of
    BusyBox, which reads the crontabs of users alone.
    """
    found = filter(None, (which(name, path=path) for name in ("cron", "crond")))
    return any(not Path(program).resolve().name.startswith("busybox") for program in found)


def refuse_script(machine: Machine) -> None:
    """Raises Failure while there is what install.sh leaves: it writes the files that we write."""
    refresh, cron = machine.folder / "refresh", machine.etc / "cron.d" / "gatehouse"
    if not refresh.exists():
        return
    folder = machine.etc / "systemd" / "system"
    units = [folder / f"gatehouse-refresh.{kind}" for kind in ("timer", "service")]
    left = [path for path in units if path.exists()]
    stop = f"systemctl disable --now {units[0].name} && " if left else ""
    if cron.exists() and str(refresh) in cron.read_text("utf-8", errors="replace"):
        left.append(cron)
    remove = shlex.join(["rm", *map(str, left), str(refresh)])
    raise Failure(SCRIPT.format(accounts=machine.principals, command=f"{stop}{remove}"))


def remove(machine: Machine) -> list[Path]:
    """Have it not run any more. Returns the files that are gone."""
    folder = machine.etc / "systemd" / "system"
    units = [folder / f"{NAME}.timer", folder / f"{NAME}.service"]
    by_systemd = machine.is_run_by_systemd and units[0].exists()
    if by_systemd:
        _systemctl("disable", "--now", units[0].name)
    gone = [path for path in (*units, machine.etc / "cron.d" / NAME) if path.exists()]
    for path in gone:
        delete(path)
    if by_systemd:
        _systemctl("daemon-reload")
    return gone


def _for_systemd(word: str) -> str:
    """One word of a line of a unit (systemd.syntax(7), systemd.service(5))."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if " " in word else word


def _systemctl(*words: str) -> None:
    done = run("systemctl", *words)
    if done.returncode:
        raise Failure(f"systemctl {' '.join(words)}: {done.stderr.strip()}")
