"""How the reset of lost factors can fail."""

from gatehouse.core.errors import BadRequest, Conflict, Forbidden, NotFound
from gatehouse.core.sayings import _


class ResetNotFound(NotFound):
    message = "There is no such reset."


class NotForYourself(Forbidden):
    message = "Nobody approves a reset of their own factors. Ask somebody else who may."


class RanksAbove(Forbidden):
    message = "This member has a role above your own. Ask one of the owners."


class AddressNotOfOrganization(Forbidden):
    message = (
        "The address of this member lies in no domain that your organization has proven."
        " Ask the people who run this service."
    )


class NotOfOrganizationAlone(Forbidden):
    """One answer for every reason: it tells nothing of what else the account is."""

    message = (
        "This account is not in the care of your organization alone."
        " Ask the people who run this service."
    )


class AccountNotActive(Conflict):
    message = "This account is not active."


class NobodyWouldBeTold(Conflict):
    message = (
        "The address of this account is not verified, so nobody could be told."
        " On the host: python manage.py reset-factors EMAIL"
    )


class NoFactors(Conflict):
    message = "This account has no second factor."


class ResetPending(Conflict):
    message = "A reset was approved for this account already, and waits."


class TooManyResets(Conflict):
    message = "Resets were approved for this account too often within a day. Wait until tomorrow."


class ResetOver(Conflict):
    message = "This reset was cancelled already, or has been done."


class CancelLinkInvalid(BadRequest):
    """One answer for every reason: it tells nobody whether there is, or was, such a link."""

    type = "INVALID_TOKEN"
    message = _("This link does not hold: the reset was cancelled already, or has been done.")
