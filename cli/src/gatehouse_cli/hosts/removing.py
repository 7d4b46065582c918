"""Making this machine what it was before: first sshd does without our files, then they go."""

from contextlib import suppress
from pathlib import Path

from gatehouse_cli.failures import Failure
from gatehouse_cli.hosts import files, sshd, timers
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.state import read_state
from gatehouse_cli.places import delete

STILL_RUNNING = (
    "Our lines are gone, but no running sshd is found to tell. Reload it, and then:"
    " gatehouse host uninstall --reloaded"
)


def uninstall(machine: Machine, *, reloaded: bool) -> list[Path]:
    """Returns what was deleted. Raises Failure; nothing that sshd uses is gone then, and it is kept
    fresh as before.
    """
    read_state(machine)  # Where nothing is enrolled there is no folder for a lock, either.
    with machine.alone():
        state = read_state(machine)
        sshd.take_down(machine)
        if not reloaded and not sshd.reload(machine):
            raise Failure(STILL_RUNNING)
        timers.remove(machine)
        files.sweep(machine, state)
        found = [*map(Path, state.files), *files.others_in(machine, ()), machine.state]
        gone = list(dict.fromkeys(found))
        for path in gone:
            delete(path)
    delete(machine.state.with_name(f"{machine.state.name}.lock"))
    for folder in (machine.principals, machine.folder):
        with suppress(OSError):
            folder.rmdir()
    return gone
