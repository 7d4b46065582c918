"""Where the tokens of a profile are kept: in a file of one's own, or in the system's keyring."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gatehouse_cli.failures import Failure, Misused
from gatehouse_cli.places import (
    delete,
    locked,
    own_folder,
    parsed,
    read_secret,
    state_folder,
    write_own,
)
from gatehouse_cli.profiles import Profile

NO_KEYRING = (
    "There is no keyring here: pip install 'gatehouse-cli[keyring]', and one of the system."
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave, and where it is good: ``server`` gave it, ``api`` takes it.

    ``expires_at``: of the access token, in seconds since 1970.
    """

    server: str
    api: str
    token_endpoint: str
    revocation_endpoint: str
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float = 0


class Store(ABC):
    """The tokens of one profile. Who changes them holds the lock."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def prepare(self) -> None:
        """See that tokens can be kept, before somebody signs in for nothing."""
        own_folder(state_folder())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process of this profile out."""
        folder = own_folder(state_folder())
        with locked(folder / f"{self.profile.name}.json"):
            yield

    def read(self) -> Tokens | None:
        """What is kept for the server of the profile: tokens of another one go nowhere."""
        found = self._read()
        return found if found and found.server == self.profile.server else None

    def write(self, tokens: Tokens) -> None:
        self._save(asdict(tokens))

    def taken(self) -> Tokens | None:
        """What was kept, of whichever server, and is no more; None as well for what cannot be
        read.
        """
        found = None
        with suppress(Failure):
            found = self._read()
        self.forget()
        return found

    def _read(self) -> Tokens | None:
        try:
            return Tokens(**self._load())
        except TypeError:
            return None

    @abstractmethod
    def forget(self) -> None: ...

    @abstractmethod
    def _load(self) -> Any: ...

    @abstractmethod
    def _save(self, content: dict[str, Any]) -> None: ...


class Files(Store):
    """``$XDG_STATE_HOME/gatehouse/<profile>.json``."""

    @property
    def path(self) -> Path:
        return state_folder() / f"{self.profile.name}.json"

    def forget(self) -> None:
        delete(self.path)

    def _load(self) -> Any:
        return read_secret(self.path)

    def _save(self, content: dict[str, Any]) -> None:
        own_folder(self.path.parent)
        write_own(self.path, content)


class Keyring(Store):
    """The keyring of the system, by the package ``keyring``."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        try:
            import keyring
        except ImportError:
            raise Misused(NO_KEYRING) from None
        self._keyring = keyring

    def forget(self) -> None:
        with self._errors(), suppress(self._keyring.errors.PasswordDeleteError):
            self._keyring.delete_password("gatehouse", self.profile.name)

    def _load(self) -> Any:
        with self._errors():
            found = self._keyring.get_password("gatehouse", self.profile.name)
        return parsed(found, "What the keyring has") if found else None

    def _save(self, content: dict[str, Any]) -> None:
        with self._errors():
            self._keyring.set_password("gatehouse", self.profile.name, json.dumps(content))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._keyring.errors.KeyringError as error:
            raise Misused(f"{NO_KEYRING} ({type(error).__name__})") from None


def store_of(profile: Profile) -> Store:
    return Keyring(profile) if profile.keyring else Files(profile)
