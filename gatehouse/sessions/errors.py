"""How work on sessions can fail."""

from gatehouse.core.errors import NotFound
from gatehouse.core.sayings import _


class SessionNotFound(NotFound):
    message = _("You have no such session, or it has ended.")
