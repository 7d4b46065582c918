"""Making this machine what it was before: first sshd does without our files, then they go."""

from pathlib import Path

from gatehouse_cli.failures import Failure
from gatehouse_cli.hosts import files, sshd, timers
from gatehouse_cli.hosts.machine import Machine
from gatehouse_cli.hosts.state import read_state
from gatehouse_cli.places import delete

STILL_RUNNING = "Our lines are gone, but no running sshd is found to tell. Reload it, and then: {}"


def uninstall(machine: Machine, *, reloaded: bool) -> list[Path]:
    """Returns what was deleted. Raises Failure; nothing that sshd uses is gone then, and it is kept
    fresh as before.
    """
    read_state(machine)  # Where nothing is enrolled there is no folder for a lock, either.
    with machine.alone():
        state = read_state(machine)
        gone = sshd.take_down(machine)
        if not reloaded and not sshd.reload(machine):
            raise Failure(STILL_RUNNING.format(machine.command("uninstall", "--reloaded")))
        gone += timers.remove(machine)
        files.sweep(machine, state)
        found = [*map(Path, state.files), *files.others_in(machine, ()), machine.state]
        for path in dict.fromkeys(found):
            delete(path)
            gone.append(path)
        machine.tidy(machine.folders)
    return gone
