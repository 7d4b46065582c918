"""Where everything is on this machine."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gatehouse_cli.failures import Failure
from gatehouse_cli.places import delete, lock_of, locked

ETC = Path("/etc")
FOLDER_MODE = 0o755  # sshd reads the principals of an account as that account.


@dataclass(frozen=True, slots=True)
class Machine:
    """``etc`` stands for /etc; ``folder`` is ours."""

    etc: Path
    folder: Path

    @classmethod
    def at(cls, etc: Path, folder: Path | None) -> "Machine":
        etc = etc.absolute()
        return cls(etc, folder.absolute() if folder else etc / "ssh" / "gatehouse")

    @property
    def is_this(self) -> bool:
        """Whether it is the one that runs, and not a folder that looks like it."""
        return self.etc == ETC

    @property
    def is_run_by_systemd(self) -> bool:
        """See sd_booted(3)."""
        return self.is_this and Path("/run/systemd/system").is_dir()

    @property
    def ssh(self) -> Path:
        return self.etc / "ssh"

    @property
    def config(self) -> Path:
        return self.ssh / "sshd_config"

    @property
    def drop_in(self) -> Path:
        return self.ssh / "sshd_config.d" / "gatehouse.conf"

    @property
    def user_ca(self) -> Path:
        return self.folder / "user-ca.pub"

    @property
    def krl(self) -> Path:
        return self.folder / "revoked.krl"

    @property
    def principals(self) -> Path:
        return self.folder / "principals"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def options(self) -> list[str]:
        """What a command has to be told to mean this machine."""
        etc = [] if self.is_this else ["--etc", str(self.etc)]
        usual = self.etc / "ssh" / "gatehouse"
        return etc + ([] if self.folder == usual else ["--folder", str(self.folder)])

    def command(self, *words: str) -> str:
        """``gatehouse host`` as it is to be typed for this machine."""
        return shlex.join(["gatehouse", "host", *words, *self.options])

    def refuse_others(self) -> None:
        """Raises Failure for whoever does not administer it."""
        if not os.access(self.ssh, os.W_OK):
            raise Failure(f"{self.ssh} cannot be written: run this as root.")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Have our folders, into which nobody else can write; if nothing comes of it, no longer."""
        try:
            self._make_folders()
            yield
        finally:
            self.tidy()

    def tidy(self) -> None:
        """Where nothing is enrolled, leave nothing of what was made for it."""
        if self.state.exists():
            return
        delete(lock_of(self.state))
        for folder in (self.principals, self.folder):
            with suppress(OSError):
                folder.rmdir()

    @contextmanager
    def alone(self, *, wait: bool = True) -> Iterator[None]:
        """Keep every other process of ours out. Raises Busy where one is inside, and not to wait
        for.
        """
        with locked(self.state, wait=wait):
            yield

    def _make_folders(self) -> None:
        for path in (self.folder, self.principals):
            try:
                path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                path.chmod(FOLDER_MODE)
            except OSError as error:
                raise Failure(f"{path} is not made: {error.strerror}.") from None
