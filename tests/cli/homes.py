"""A home as ssh sees it: its configuration, and what the real ssh makes of that."""

import json
import os
import subprocess
from pathlib import Path

from tests.cli.programs import Cli
from tests.tools import the_program

HOST = "web1.acme.example"


def config(cli: Cli) -> Path:
    return cli.home / ".ssh" / "config"


def folder(cli: Cli) -> Path:
    """Where all of ours is."""
    return cli.home / ".ssh" / "gatehouse"


def ssh_goes_by(
    cli: Cli, host: str = HOST, *, cwd: Path | None = None, **env: str
) -> dict[str, list[str]]:
    """What the real ssh makes of it. It also runs what stands there to be run."""
    done = subprocess.run(  # noqa: S603
        [the_program("ssh"), "-F", str(config(cli)), "-G", host],
        env={**cli.environment, "SHELL": "/bin/sh", **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "gatehouse" not in done.stderr, done.stderr
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def live_in(cli: Cli) -> None:
    """Have ssh go by this home: it does not ask the environment where that is."""
    program = cli.home / "bin" / "ssh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {the_program("ssh")} -F "{config(cli)}" "$@"\n')
    program.chmod(0o755)
    cli.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"


def signed_in_at(cli: Cli, **servers: str) -> None:
    """Somebody has signed in at each of these, under these names; the last time at the last one."""
    config = cli.home / "config" / "gatehouse" / "config.json"
    config.parent.mkdir(parents=True)
    profiles = {name: {"server": server} for name, server in servers.items()}
    config.write_text(json.dumps({"profile": [*servers][-1], "profiles": profiles}))
    cli.secrets.mkdir(parents=True, mode=0o700)
    for name, server in servers.items():
        tokens = {"server": server, "api": f"{server}/api/v1", "access_token": f"at-{name}"}
        places = {f"{kind}_endpoint": f"{server}/{kind}" for kind in ("token", "revocation")}
        path = cli.secrets / f"{name}.json"
        path.write_text(json.dumps({**tokens, **places, "expires_at": 2**40}))
        path.chmod(0o600)
