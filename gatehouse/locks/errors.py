"""How locking somebody out can fail, and what they hear."""

from gatehouse.core.errors import Conflict, Forbidden
from gatehouse.core.sayings import _


class UserLocked(Forbidden):
    type = "USER_LOCKED"
    message = _("An admin has locked you out. Only an admin can let you in again.")


class AlreadyLocked(Conflict):
    message = _("They are locked out already.")


class NotLocked(Conflict):
    message = _("They are not locked out.")
