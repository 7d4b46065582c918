"""How the clients domain can fail."""

from http import HTTPStatus

from gatehouse.core.errors import NotFound, Unavailable
from gatehouse.core.protocol import OAuthError


class ClientNotFound(NotFound):
    message = "The organization has no such client."


class InvalidClient(OAuthError):
    """The client did not prove who it is (RFC 6749 5.2). One text for every reason."""

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_client"
    message = "The client could not be authenticated."

    def __init__(self, reason: str, client_id: str = "") -> None:
        super().__init__()
        self.reason = reason
        self.client_id = client_id
        self.headers.append(("WWW-Authenticate", 'Basic realm="gatehouse", charset="UTF-8"'))


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"
    message = "The client may not do this: it is not among its grant_types."


class KeysBusy(Unavailable):
    message = "Too many wait for keys that clients publish. Nothing was done; try again."
