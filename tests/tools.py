"""Programs that tests need and no Python package brings."""

import os
from pathlib import Path
from shutil import which

import pytest


def the_program(name: str) -> str:
    """Where it is. Where there is none the test is left out; not in CI."""
    program = which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None and not os.environ.get("CI"):
        pytest.skip(f"{name} not found: scripts/install_test_tools.sh installs it")
    # sshd starts itself again for each client, and wants to know where it is.
    return str(Path(program or name).absolute())
