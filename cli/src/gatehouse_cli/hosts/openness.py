"""Who else may write where our files are: sshd does not believe principals that they could write.

It looks at each file of AuthorizedPrincipalsFile and at every folder above it (StrictModes in
sshd_config(5), safe_path in OpenSSH's misc.c); at those of keys and revocations it does not.
"""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from gatehouse_cli.hosts.machine import Machine

GROUP_AND_OTHERS = 0o022
BELIEVED = "sshd lets nobody in by what is below it"
ELSEWHERE = "Enrol this machine with another --folder."
OURS = "they could name authorities of their own below it"


def problems(machine: Machine, *, is_strict: bool) -> list[str]:
    """``is_strict``: whether sshd minds, also of folders that are not ours."""
    why = BELIEVED if is_strict else OURS
    found = _open(machine, is_strict=is_strict)
    return [f"Others may write to {path}: {why}. {helps}" for path, helps in found]


def _open(machine: Machine, *, is_strict: bool) -> Iterator[tuple[Path, str]]:
    """Which they may write to, and what helps."""
    root, last = machine.folder.resolve(), machine.principals.resolve()
    for path in (last, *last.parents):
        if not path.exists() or not (is_strict or path.is_relative_to(root)):
            continue
        found, name = path.stat(), shlex.quote(str(path))
        if found.st_uid not in (0, os.getuid()):
            yield path, f"chown root {name}"
        if found.st_mode & GROUP_AND_OTHERS:
            # Such as /tmp, which is meant to be everybody's.
            is_for_all = found.st_mode & stat.S_ISVTX
            yield path, ELSEWHERE if is_for_all else f"chmod go-w {name}"
