"""How work on accounts can fail."""

from datetime import datetime

from gatehouse.core.errors import (
    AuthRequired,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from gatehouse.core.fields import rfc3339


class AccountNotFound(NotFound):
    message = "There is no such account."


class EmailTaken(Conflict):
    message = "An account with this address exists. Sign in, or use another address."


class AddressReserved(Conflict):
    """``until`` is when the way back of the account that left the address runs out."""

    type = "ADDRESS_RESERVED"

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"This address is reserved until {until:%Y-%m-%d %H:%M} UTC: the account that had it"
            " may come back to it. Use another address, let yourself be invited to an organization"
            " at this one, or ask the people who run this service.",
            until=rfc3339(until),
        )


class AddressNotReserved(NotFound):
    message = "This address is not reserved."


class UserIsSoleOwner(Conflict):
    """``details.organizations`` names those that would be left without an owner."""

    type = "USER_IS_SOLE_OWNER"
    message = (
        "You are the only owner of an organization with others. Transfer it or delete it first."
    )


class PasswordTooWeak(Invalid):
    message = "Choose another password."


class WrongPassword(Unauthenticated):
    """The same for a wrong password and an unknown account, whatever the reason."""

    message = "The address or the password is not right."


class TooManyWrongPasswords(TooManyRequests):
    message = "Too many wrong passwords in a row. Wait a little before the next try."


class AccountSuspended(Forbidden):
    type = "ACCOUNT_SUSPENDED"
    message = "This account is suspended. Ask the people who run this service."


class AccountNotActivated(Forbidden):
    type = "ACCOUNT_NOT_ACTIVATED"
    message = "This account is not activated yet. Use the link in the activation mail."


class AccountSuspendedAlready(Conflict):
    message = "This account is suspended already."


class AccountNotSuspended(Conflict):
    message = "This account is not suspended."


class AccountNotClaimed(Conflict):
    message = "Nobody has claimed this account yet, so there is nothing to suspend. Delete it."


class OperatorAlready(Conflict):
    message = "This account is an operator's already."


class NotAnOperator(Conflict):
    message = "This account is not an operator's."


class LinkInvalid(BadRequest):
    """One answer for every reason: it tells nobody whether there is, or was, such a link."""

    type = "INVALID_TOKEN"
    message = "This link does not hold: it was used, is too old, or a newer one was sent."


class LinkNeedsItsAccount(AuthRequired):
    message = "Sign in with the account that this link is for, then use the link."


class LinkForSomebodyElse(Forbidden):
    message = "This link is for another account. Sign in with that one, then use the link."


class SameAddress(BadRequest):
    message = "This is your address already."


class PasswordChangedMeanwhile(Conflict):
    message = "The password was changed a moment ago. Sign in again with the new one."


class HashingBusy(Unavailable):
    message = "Too many people sign in at this moment. Try again in a second."
