"""How second factors can fail."""

from gatehouse.core.errors import Conflict, NotFound, Unauthenticated
from gatehouse.core.sayings import _


class WrongCode(Unauthenticated):
    """One answer for a wrong code, one that was used, and one of somebody else."""

    type = "AUTHENTICATION_ERROR"
    message = _("This code is not right, or was used already. Take the next one.")


class TotpEnrolledAlready(Conflict):
    message = _("An authenticator app is set up already. Remove it first, to set up another one.")


class TotpNotEnrolled(NotFound):
    message = _("No authenticator app is set up.")


class EnrolmentOver(Conflict):
    message = _("This was set up anew meanwhile, or is set up already. Begin once more.")
