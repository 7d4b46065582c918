"""What can happen to an account."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from gatehouse.core.events import AccountEvent, Event


class LinkPurpose(StrEnum):
    """What a link in a mail may do, and nothing else."""

    VERIFY = "verify_email"
    RESET = "reset_password"
    ACTIVATE = "activate"
    CONFIRM = "confirm_email"
    UNDO = "undo_email_change"


@dataclass(frozen=True, kw_only=True)
class AccountRegistered(AccountEvent):
    name = "account.registered"
    says = "An account was registered."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(AccountEvent):
    name = "account.profile_changed"
    says = "The profile was changed."
    resource = "user"

    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AccountEvent):
    name = "account.password_changed"
    says = "The password was changed."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class PasswordRefused(AccountEvent):
    """A wrong password from somebody who is signed in already."""

    name = "account.password_refused"
    says = "A wrong password was given to confirm an act."
    resource = "user"
    is_refusal = True

    reason: str


@dataclass(frozen=True, kw_only=True)
class AccountLocked(Event):
    """Ten wrong passwords in a row: for a while only a known device gets in.

    ``user_id`` is empty when nobody has the address: that one is locked as any other.
    """

    name = "account.locked"
    says = "Too many wrong passwords: unknown devices are kept out for a while."
    resource = "user"
    is_refusal = True

    minutes: int
    is_known_device: bool = False


@dataclass(frozen=True, kw_only=True)
class LinkAsked(Event):
    """Somebody gave an address and wants a link. Never on record: nobody knows yet whether the
    address is anybody's. ``sealed`` is the address, for the worker alone.
    """

    name = "account.link_asked"
    says = "Somebody asked for a link."

    purpose: LinkPurpose
    sealed: str


@dataclass(frozen=True, kw_only=True)
class LinkSent(AccountEvent):
    name = "account.link_sent"
    says = "A link was mailed to the address of the account."
    resource = "user"

    purpose: LinkPurpose


@dataclass(frozen=True, kw_only=True)
class LinkMadeOnHost(AccountEvent):
    name = "account.link_made_on_host"
    says = "Whoever runs the host made a link that sets a password."
    resource = "user"

    purpose: LinkPurpose


@dataclass(frozen=True, kw_only=True)
class PasswordReset(AccountEvent):
    """``is_first_proof``: nobody was known to have the address before. Whoever registered it may
    have been a stranger.
    """

    name = "account.password_reset"
    says = "A new password was set with a mailed link."
    resource = "user"

    is_first_proof: bool = False


@dataclass(frozen=True, kw_only=True)
class EmailVerified(AccountEvent):
    name = "account.email_verified"
    says = "The address was verified."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class EmailChangeAsked(AccountEvent):
    """``way_back_id`` is the link that stops it, mailed to the present address if proven."""

    name = "account.email_change_asked"
    says = "A new address was given; it is not confirmed yet."
    resource = "user"

    link_id: UUID
    way_back_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class EmailChanged(AccountEvent):
    """``link_id`` is the way back, mailed to the old address if that was proven."""

    name = "account.email_changed"
    says = "The address was changed."
    resource = "user"

    link_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class EmailChangeUndone(AccountEvent):
    """``link_id`` is the link that was used; its row holds the address that the account left."""

    name = "account.email_change_undone"
    says = "A change of address was undone, from the old address; the password is void."
    resource = "user"

    link_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressReleased(AccountEvent):
    name = "account.address_released"
    says = "An address that the account had left was given free; the way back to it is void."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountActivated(AccountEvent):
    name = "account.activated"
    says = "The account was claimed by its owner."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountExported(AccountEvent):
    name = "account.exported"
    says = "Everything that is held on a person was given out to them."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountCreatedFor(AccountEvent):
    """An inactive account, for somebody who is to claim it with the link of a mail."""

    name = "account.created_for"
    says = "An account was made for somebody to claim."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountDisowned(AccountEvent):
    """Somebody registered an address and never proved it; now the account waits for its owner."""

    name = "account.disowned"
    says = "An account of an address that was never proven lost its password, to be claimed."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountMadeOperator(AccountEvent):
    name = "account.made_operator"
    says = "The account was made an operator's."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class OperatorRemoved(AccountEvent):
    name = "account.operator_removed"
    says = "The account is no operator's any more."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountSuspended(AccountEvent):
    name = "account.suspended"
    says = "The account was suspended."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountUnsuspended(AccountEvent):
    name = "account.unsuspended"
    says = "The account was given back."
    resource = "user"


@dataclass(frozen=True, kw_only=True)
class AccountDeleted(AccountEvent):
    name = "account.deleted"
    says = "The account was deleted."
    resource = "user"
