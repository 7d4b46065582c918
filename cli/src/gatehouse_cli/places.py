"""Where files are, and how they are written so that nobody else reads or swaps them."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from gatehouse_cli.failures import Failure

OWN_FILE, OWN_FOLDER, OTHERS, PUBLIC_FILE = 0o600, 0o700, 0o077, 0o644
BUSY = "Another command of ours is at work with {path}."
SIGN_IN = "Delete it, and sign in again."
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Busy(Failure):
    """Another process is inside."""


def state_folder() -> Path:
    """``$XDG_STATE_HOME/gatehouse``. A path that is not absolute counts for nothing (XDG Base
    Directory Specification).
    """
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return base / "gatehouse"


def config_file() -> Path:
    from platformdirs import user_config_path

    return user_config_path("gatehouse", appauthor=False) / "config.json"


def folder_for(path: Path) -> None:
    """Make the folder in which this shall be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{path.parent} is not made: {error.strerror}.") from None


def own_folder(path: Path) -> Path:
    """Make a folder that nobody else can enter, or see that the one that is there is so."""
    folder_for(path)
    try:
        with suppress(FileExistsError):
            path.mkdir(OWN_FOLDER)
        found = path.lstat()
    except OSError as error:
        raise Failure(f"{path} is not made: {error.strerror}.") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Failure(f"{path} is not a folder of your own. Move it away and try again.")
    if stat.S_IMODE(found.st_mode) != OWN_FOLDER:
        path.chmod(OWN_FOLDER)
    return path


def read_secret(path: Path, remedy: str = SIGN_IN) -> Any:
    """The JSON of a file that only its owner can read; None where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"{path} is not read: {error.strerror}.") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise Failure(f"{path} is not read: it is no file of your own.")
        if stat.S_IMODE(found.st_mode) & OTHERS:
            raise Failure(f"{path} is not read: others can read it. {remedy}")
        text = os.read(descriptor, found.st_size).decode(errors="replace")
    finally:
        os.close(descriptor)
    return parsed(text, path, remedy)


def delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"{path} is not deleted: {error.strerror}.") from None


def read_config(path: Path) -> Any:
    """The JSON of a file without secrets; None where there is no file."""
    try:
        return parsed(path.read_text("utf-8"), path)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Failure(f"{path} is not read: it is no text.") from None
    except OSError as error:
        raise Failure(f"{path} is not read: {error.strerror}.") from None


def parsed(text: str, source: object, remedy: str = SIGN_IN) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Failure(f"{source} is damaged. {remedy}") from None


def write_own(path: Path, content: Any) -> None:
    """Put JSON that only its owner can read in the place of whatever is there, at once."""
    replace_file(path, json.dumps(content, indent=1))


def replace_file(path: Path, content: str | bytes, mode: int = OWN_FILE) -> None:
    """Put a file in the place of whatever is there, at once: nobody ever reads half of it, and
    when this returns it is on the disk.
    """
    raw = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    new = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(new, NEW, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise Failure(f"{path} is not written: {error.strerror}.") from None


def sync_folder(folder: Path) -> None:
    """Have on the disk which files a folder has."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Wait until no other process is inside for this file, or raise Busy. The lock ends with the
    process.
    """
    lock = lock_of(path)
    while True:
        with _opened(lock) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(BUSY.format(path=path)) from None
            # Whoever was inside may have deleted it: then the next one waits for another file.
            if _is_there(lock, file):
                yield
                return


def _opened(lock: Path) -> TextIO:
    try:
        return os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWN_FILE))
    except OSError as error:
        raise Failure(f"{lock} is not opened: {error.strerror}.") from None


def _is_there(lock: Path, file: TextIO) -> bool:
    try:
        return os.path.samestat(lock.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
