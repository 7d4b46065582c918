"""Making this machine what it was before: first sshd does without our files, then they go."""

from contextlib import suppress
from pathlib import Path

from gatehouse_cli.failures import Failure
from gatehouse_cli.hosts import files, sshd, timers
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.state import read_state
from gatehouse_cli.places import delete

STILL_USED = (
    "sshd goes by files in {folder}: take the lines with them out of its configuration first."
    " Without RevokedKeys nobody gets in by a key."
)
STILL_RUNNING = (
    "Our lines are gone, but no running sshd is found to tell. Reload it, and then:"
    " gatehouse host uninstall --reloaded"
)


def uninstall(machine: Machine, *, reloaded: bool) -> list[Path]:
    """Returns what was deleted. Raises Failure; nothing that sshd uses is gone then."""
    with machine.alone():
        state = read_state(machine)
        timers.remove(machine)
        sshd.take_down(machine)
        if sshd.uses(machine):
            raise Failure(STILL_USED.format(folder=machine.folder))
        if not reloaded and not sshd.reload(machine):
            raise Failure(STILL_RUNNING)
        files.sweep(machine, state)
        gone = [*map(Path, state.files), *files.others_in(machine, ()), machine.state]
        for path in dict.fromkeys(gone):
            delete(path)
    delete(machine.state.with_name(f"{machine.state.name}.lock"))
    for folder in (machine.principals, machine.folder):
        with suppress(OSError):
            folder.rmdir()
    return gone
