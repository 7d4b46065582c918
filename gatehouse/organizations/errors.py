"""How work on organizations and their members can fail."""

from gatehouse.core.errors import BadRequest, Conflict, Forbidden, NotFound
from gatehouse.core.sayings import _


class OrganizationNotFound(NotFound):
    message = _("There is no such organization.")


class SlugTaken(Conflict):
    message = "Another organization has this slug. Choose another one."


class OrganizationHasMembers(Conflict):
    type = "ORG_HAS_MEMBERS"
    message = "Others are still members. Remove them first."


class MemberNotFound(NotFound):
    message = "This organization has no such member."


class ActiveMemberNotFound(NotFound):
    message = "This organization has no such active member."


class GuestsStayOutside(Conflict):
    message = "A guest has no part in departments and principals. Make them a member first."


class PersonNotFound(NotFound):
    message = "There is no account to add with this address. Invite them instead."


class AlreadyMember(Conflict):
    message = _("This person is a member already.")


class LastOwner(Conflict):
    message = "An organization keeps at least one owner. Make somebody else an owner first."


class CannotOwnNow(Conflict):
    message = "This member cannot become the owner now: their account is not active."


class RankTooLow(Forbidden):
    message = "You cannot give, change or take away a role above your own."


class EmailNotVerified(Forbidden):
    """403: whoever mails strangers in our name has proven their own address."""

    type = "EMAIL_NOT_VERIFIED"
    message = (
        "Verify your own address first: POST /auth/resend-verification mails the link once more."
    )


class OwnerProtection(Forbidden):
    type = "OWNER_PROTECTION"
    message = "You outrank this person in none of the organizations that you administer."


class AlreadySuspended(Conflict):
    message = "This membership is suspended already."


class NotSuspended(Conflict):
    message = "This membership is not suspended."


class NotOnYourself(BadRequest):
    message = "You cannot do this to yourself."


class InviteNotFound(NotFound):
    message = "There is no such pending invitation."


class InvitePending(Conflict):
    message = "This address has a pending invitation already. Send it again, or take it back."


class InviteInvalid(BadRequest):
    """One answer for every reason."""

    type = "INVALID_TOKEN"
    message = _(
        "This invitation does not hold: it was used, taken back or renewed, is too old, "
        "or its sender may no longer invite."
    )


class InviteForSomebodyElse(Forbidden):
    message = _("This invitation is for another address. Sign in with the account that has it.")
