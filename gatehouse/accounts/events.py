"""What can happen to an account."""

from dataclasses import dataclass

from gatehouse.core.events import Event


@dataclass(frozen=True, kw_only=True)
class AccountRegistered(Event):
    name = "account.registered"
    says = "An account was registered."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    name = "account.profile_changed"
    says = "The profile was changed."
    resource = "user"

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    name = "account.password_changed"
    says = "The password was changed."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class PasswordRefused(Event):
    """A wrong password from somebody who is signed in already."""

    name = "account.password_refused"
    says = "A wrong password was given to confirm an act."
    resource = "user"
    is_refusal = True

    reason: str


@dataclass(frozen=True, kw_only=True)
class AccountLocked(Event):
    """Ten wrong passwords in a row: for a while only a known device gets in."""

    name = "account.locked"
    says = "Too many wrong passwords: unknown devices are kept out for a while."
    resource = "user"
    is_refusal = True

    minutes: int


@dataclass(frozen=True, kw_only=True)
class AccountDeleted(Event):
    name = "account.deleted"
    says = "The account was deleted."
    resource = "user"
