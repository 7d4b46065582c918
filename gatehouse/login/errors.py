"""How coming in can fail, beside a wrong credential."""

from gatehouse.core.errors import Conflict, Forbidden
from gatehouse.core.sayings import _


class RegistrationClosed(Forbidden):
    message = _("Registration is closed here. Ask the people who run this service for an account.")


class SignedInAlready(Conflict):
    message = _("Somebody is signed in with this browser. Sign out first.")
