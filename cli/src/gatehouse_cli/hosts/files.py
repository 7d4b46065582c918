"""The files that sshd uses: each is replaced at once, and none is ever missing."""

import re
import stat
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.sshd import certificate_of
from gatehouse_cli.hosts.state import State
from gatehouse_cli.places import PUBLIC_FILE, delete, replace_file, sync_folder

# What `replace_file` leaves behind when the machine stops in the middle of it.
LEFT_BEHIND = re.compile(r"\.(.+)\.[0-9a-f]{16}")

Files = Mapping[Path, bytes]


def as_lines(found: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in found).encode()


def changed(files: Files) -> list[Path]:
    """Those of which there is another on the disk, or none."""
    return [path for path, content in files.items() if _read(path) != content]


def put(machine: Machine, state: State, files: Files) -> list[Path]:
    """Put them in place, in their order. Returns those that changed."""
    different = changed(files)
    for path in different:
        replace_file(path, files[path], PUBLIC_FILE)
    for path, content in files.items():
        state.files[str(path)] = _digest(content)
    state.write(machine)
    return different


def are_as_kept(machine: Machine, state: State) -> bool:
    """Whether all that sshd uses is as it was written, and no other account has principals."""
    for name, digest in state.files.items():
        found = _read(Path(name))
        if found is None or _digest(found) != digest:
            return False
    return not others_in(machine, accounts_in(machine, state))


def accounts_in(machine: Machine, state: State) -> list[str]:
    """Those for which there is a file with principals."""
    return [Path(name).name for name in state.files if Path(name).parent == machine.principals]


def others_in(machine: Machine, accounts: Collection[str]) -> list[Path]:
    """Files with principals of accounts that are not among these."""
    found = machine.principals.iterdir() if machine.principals.is_dir() else iter(())
    return sorted(path for path in found if path.name not in accounts and not path.is_dir())


def forget(machine: Machine, state: State, paths: list[Path]) -> None:
    for path in paths:
        delete(path)
        state.files.pop(str(path), None)
    for folder in {path.parent for path in paths}:
        sync_folder(folder)
    if paths:
        state.write(machine)


def sweep(machine: Machine, state: State) -> None:
    """Delete what was left behind of files that are ours."""
    elsewhere = {machine.drop_in, *(Path(certificate_of(key)) for key in state.keys)}
    own = {machine.folder, machine.principals}
    for folder in own | {path.parent for path in elsewhere}:
        for path in _left_behind(folder):
            of = path.with_name(LEFT_BEHIND.sub(r"\1", path.name))
            if folder in own or of in elsewhere:
                delete(path)


def is_kept(state: State, path: Path) -> bool:
    """Whether this file is as it was written."""
    found = _read(path)
    return found is not None and state.files.get(str(path)) == _digest(found)


def _left_behind(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in list(folder.iterdir()) if LEFT_BEHIND.fullmatch(path.name))


def _read(path: Path) -> bytes | None:
    """What sshd would read there; None where it would not, or should not."""
    try:
        return path.read_bytes() if path.lstat().st_mode == stat.S_IFREG | PUBLIC_FILE else None
    except OSError:
        return None


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
