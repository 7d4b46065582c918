"""How the grants domain can fail."""

from gatehouse.core.errors import NotFound
from gatehouse.core.protocol import OAuthError
from gatehouse.core.sayings import _


class ConsentNotFound(NotFound):
    message = _("You have given no such consent.")


class InvalidGrant(OAuthError):
    """RFC 6749 5.2. ``reason`` is for the log and the record: the caller is told one text."""

    error = "invalid_grant"
    message = (
        "The code or token is not valid: unknown, expired, revoked, used, or not yours; or the"
        " redirect_uri or code_verifier does not belong to it."
    )

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
