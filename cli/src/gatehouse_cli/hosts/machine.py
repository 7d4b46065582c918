"""Where everything is on this machine."""

import os
import shlex
from collections.abc import Iterator, Sequence
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
    def folders(self) -> tuple[Path, Path]:
        """What is ours, the last one first."""
        return self.principals, self.folder

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
        """Be alone in our folders. Where nothing comes of it, those that were made are gone."""
        made = self._missing()
        self._make_folders()
        with self.alone():
            try:
                yield
            finally:
                self.tidy(made)

    def tidy(self, folders: Sequence[Path]) -> None:
        """Where nothing is enrolled, leave neither these folders nor the lock. Only for whoever
        holds it: others wait there.
        """
        if self.state.exists():
            return
        delete(lock_of(self.state))
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()

    def open_to_sshd(self) -> None:
        """It reads our folders as anybody, and nobody else may write into them."""
        for path in self.folders:
            try:
                path.chmod(FOLDER_MODE)
            except OSError as error:
                raise Failure(f"{path} is not changed: {error.strerror}.") from None

    @contextmanager
    def alone(self, *, wait: bool = True) -> Iterator[None]:
        """Keep every other process of ours out. Raises Busy where one is inside, and not to wait
        for.
        """
        with locked(self.state, wait=wait):
            yield

    def _missing(self) -> list[Path]:
        """Our folders and those above them that are not there, the last one first."""
        return [path for path in (self.principals, *self.principals.parents) if not path.exists()]

    def _make_folders(self) -> None:
        try:
            self.principals.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"{self.principals} is not made: {error.strerror}.") from None
