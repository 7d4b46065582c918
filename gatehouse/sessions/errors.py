"""How work on sessions can fail."""

from gatehouse.core.errors import NotFound


class SessionNotFound(NotFound):
    message = "You have no such session, or it has ended."
