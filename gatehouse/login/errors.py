"""How coming in can fail, beside a wrong credential."""

from gatehouse.core.errors import Conflict, Forbidden, Unauthenticated
from gatehouse.core.sayings import _


class RegistrationClosed(Forbidden):
    message = _("Registration is closed here. Ask the people who run this service for an account.")


class SignedInAlready(Conflict):
    message = _("Somebody is signed in with this browser. Sign out first.")


class PendingOver(Unauthenticated):
    """Too late, too many tries, or done already: what began with another proof begins anew."""

    type = "AUTHENTICATION_ERROR"
    message = _("This sign-in is over. Begin once more.")
