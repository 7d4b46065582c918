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
from gatehouse.core.sayings import _


class AccountNotFound(NotFound):
    message = _("There is no such account.")


class EmailTaken(Conflict):
    message = _("An account with this address exists. Sign in, or use another address.")


class AddressReserved(Conflict):
    """``until`` is when the way back of the account that left the address runs out."""

    type = "ADDRESS_RESERVED"

    def __init__(self, until: datetime) -> None:
        super().__init__(
            _(
                "This address is reserved until %(until)s: the account that had it may come back"
                " to it. Use another address, let yourself be invited to an organization at this"
                " one, or ask the people who run this service.",
                until=until,
            ),
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
    message = _("Choose another password.")


class WrongPassword(Unauthenticated):
    """The same for a wrong password and an unknown account, whatever the reason."""

    message = _("The address or the password is not right.")


class TooManyWrongPasswords(TooManyRequests):
    message = _("Too many wrong passwords in a row. Wait a little before the next try.")


class AccountSuspended(Forbidden):
    type = "ACCOUNT_SUSPENDED"
    message = _("This account is suspended. Ask the people who run this service.")


class AccountNotActivated(Forbidden):
    type = "ACCOUNT_NOT_ACTIVATED"
    message = _("This account is not activated yet. Use the link in the activation mail.")


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
    message = _("This link does not hold: it was used, is too old, or a newer one was sent.")


class LinkNeedsItsAccount(AuthRequired):
    message = _("Sign in with the account that this link is for, then use the link.")


class LinkForSomebodyElse(Forbidden):
    message = _("This link is for another account. Sign in with that one, then use the link.")


class SameAddress(BadRequest):
    message = _("This is your address already.")


class PasswordChangedMeanwhile(Conflict):
    message = _("The password was changed a moment ago. Sign in again with the new one.")


class HashingBusy(Unavailable):
    message = _("Too many people sign in at this moment. Try again in a second.")
