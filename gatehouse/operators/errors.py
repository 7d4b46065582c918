"""How work on other people's accounts can fail."""

from gatehouse.core.errors import BadRequest


class ConfirmationRequired(BadRequest):
    type = "CONFIRMATION_REQUIRED"
    message = 'Send {"confirm": true} to delete this account for good.'
