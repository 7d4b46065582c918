"""The command `gatehouse` as people run it: a process of its own, in a home of its own.

Its interpreter is a fork of one that has done the imports (`forked.py`), unless `forks` is False.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from tests.cli.forked import Forked
from tests.counterparts.visitor import Visitor

SOURCE = Path(__file__).resolve().parents[2] / "cli" / "src"
COMMAND = [sys.executable, "-m", "gatehouse_cli"]
ADDRESS = re.compile(r"^  (https?://\S+)$")
CODE = re.compile(r"type the code: (\S+)")
PATIENCE = 40


@dataclass
class Done:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Cli:
    """A machine with one person at it. ``env`` comes on top of hardly any environment."""

    home: Path
    server: str
    env: dict[str, str] = field(default_factory=dict)
    forks: bool = True

    @property
    def secrets(self) -> Path:
        return self.home / "state" / "gatehouse"

    @property
    def kept(self) -> Any:
        """The secrets of the one profile that there is."""
        (path,) = self.secrets.glob("*.json")
        return json.loads(path.read_text())

    def keep(self, **changes: Any) -> None:
        """Change them, as time or somebody else would."""
        (path,) = self.secrets.glob("*.json")
        path.write_text(json.dumps({**self.kept, **changes}))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "PYTHONPATH": str(SOURCE),
            "GATEHOUSE_SERVER": self.server,
            **self.env,
        }

    def start(self, *arguments: str, **env: str) -> "Running":
        if self.forks:
            return Running(Forked(arguments, self.environment | env, self.home))
        # What it is given is written when it is known.
        process = subprocess.Popen(  # noqa: S603
            [*COMMAND, *arguments],
            env=self.environment | env,
            cwd=self.home,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return Running(process)

    def run(self, *arguments: str, given: str = "", **env: str) -> Done:
        return self.start(*arguments, **env).ended(given)

    def sign_in(self, email: str, *arguments: str) -> Done:
        """Sign in through a browser, as somebody does who says yes to everything."""
        with self.start("login", *arguments, BROWSER="true %s") as running:
            with Visitor(self.server, email) as visitor:
                back = visitor.go_through(running.address())
            assert requests.get(back, timeout=10).status_code == 200
            return running.ended()


class Running:
    """A command that waits for somebody."""

    def __init__(self, process: "Forked | subprocess.Popen[bytes]") -> None:
        self.process = process
        self.heard = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def address(self) -> str:
        """The address that it tells people to open."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline().decode():
            self.heard += line
            if found := ADDRESS.match(line.rstrip("\n")):
                return found[1]
        raise AssertionError(self.heard)

    def code(self) -> str:
        """The code that it tells people to type, behind the address."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline().decode():
            self.heard += line
            if found := CODE.search(line):
                return found[1]
        raise AssertionError(self.heard)

    def ended(self, given: str = "") -> Done:
        out, err = self.process.communicate(given.encode(), timeout=PATIENCE)
        return Done(self.process.returncode, out.decode(), self.heard + err.decode())
