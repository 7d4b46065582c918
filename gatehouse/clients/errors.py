"""How the clients domain can fail."""

from http import HTTPStatus

from gatehouse.core.errors import Conflict, Forbidden, NotFound, Unavailable
from gatehouse.core.protocol import OAuthError


class ClientNotFound(NotFound):
    message = "The organization has no such client."


class RegistrationTokenNotFound(NotFound):
    message = "The organization has no such registration token."


class ClientIsBuiltIn(Conflict):
    message = "This client is part of Gatehouse: it cannot be changed."


class ClientHasNoSecret(Conflict):
    message = "This client proves who it is without a secret: see token_endpoint_auth_method."


class TooManyClients(Conflict):
    message = "The organization has as many clients as it may have. Delete one that is not used."


class TooManyOfNobody(Conflict):
    message = (
        "As many clients have registered themselves without an organization as may. Ask an admin of"
        " one for an initial access token."
    )


class TooManyRegistrationTokens(Conflict):
    message = "The organization has as many registration tokens as it may have. Revoke one."


class ResourceTaken(Conflict):
    """Somebody was faster, a moment ago; otherwise it is a setting that is wrong."""

    message = "The name of an API among resources or audiences belongs to somebody else."


class OwnersOpenToAll(Forbidden):
    message = "Only an owner lets everyone use a client: access_policy everyone is not for admins."


class OperatorsTrust(Forbidden):
    message = (
        "Only an operator of this instance trusts a client, lets it skip consent, or changes where"
        " a client that is trusted leads and whom it admits."
    )


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
