"""One machine for many tests, brought back to what it was before each of them."""

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.cli.hosts.boxes import Box
from tests.cli.hosts.played import PlayedHost
from tests.cli.programs import Cli
from tests.cli.stage import Stage


class Scene:
    """A machine whose sshd does not run, and what it hears; as it was before each test."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        (folder / "home").mkdir()
        self.box = Box(folder / "box", Cli(folder / "home", stage.url))
        self.stage, self.gate = stage, PlayedHost(stage, folder / "ca", self.box.account)
        self.saved = {"bare": self._copy(folder / "bare")}
        done = self.box.run("enroll", "token")
        assert done.code == 0, done.said
        assert "Reload sshd" in done.err
        self.saved["enrolled"] = self._copy(folder / "enrolled")
        self.plays, self.played = dict(stage.plays), deepcopy(self.told)

    @property
    def told(self) -> dict[str, Any]:
        """What the played server goes by."""
        return {name: found for name, found in vars(self.gate).items() if name != "stage"}

    def bring_back(self, which: str) -> Box:
        shutil.rmtree(self.box.etc)
        shutil.copytree(self.saved[which], self.box.etc)
        return self.box

    def begin_anew(self) -> PlayedHost:
        vars(self.gate).clear()
        vars(self.gate).update(deepcopy(self.played), stage=self.stage)
        self.stage.plays = dict(self.plays)
        self.stage.calls, self.stage.ahead = [], 0.0
        return self.gate

    def _copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.box.etc, to))
