"""The few ways in which a request can fail. Domains subclass these; ``http.py`` renders them."""

from http import HTTPStatus
from typing import Any, ClassVar

from gatehouse.core.sayings import _


class GatehouseError(Exception):
    """A refusal with a status, a type from the API's closed list, and facts for the caller.

    A message that is marked, ``_("...")``, may be shown to people; the others are for programs.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    type: ClassVar[str] = "INTERNAL_ERROR"
    message: ClassVar[str] = _("Something went wrong on our side.")

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.says = message or self.message
        super().__init__(self.says)
        self.details = details
        self.headers: list[tuple[str, str]] = []


class Invalid(GatehouseError):
    """400. ``details`` is ``{field: [what is wrong and what would be right, ...]}``."""

    status, type = HTTPStatus.BAD_REQUEST, "VALIDATION_ERROR"
    message = _("Some fields are not valid.")

    @classmethod
    def fields(cls, messages: Any) -> "Invalid":
        """What a schema found wrong. A field may have any name, so they are not keywords here."""
        error = cls()
        error.details = messages if isinstance(messages, dict) else {"body": messages}
        return error


class BadRequest(GatehouseError):
    """400 for what cannot be said of one field: broken JSON, an impossible request."""

    status, type = HTTPStatus.BAD_REQUEST, "BAD_REQUEST"
    message = _("The request cannot be read.")


class Unauthenticated(GatehouseError):
    """401: the caller did not prove who they are."""

    status, type = HTTPStatus.UNAUTHORIZED, "AUTHENTICATION_ERROR"
    message = _("Sign in to continue.")
    challenge: ClassVar[str] = 'Bearer realm="gatehouse"'

    def __init__(
        self, message: str | None = None, *, challenge: str | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.headers.append(("WWW-Authenticate", challenge or self.challenge))


class AuthRequired(Unauthenticated):
    type = "AUTH_REQUIRED"
    message = "Sign in to continue: send the header Authorization: Bearer <token>."


class InvalidAuthFormat(Unauthenticated):
    type = "INVALID_AUTH_FORMAT"
    message = "The Authorization header must be: Bearer <token>, or DPoP <token>."


class InvalidToken(Unauthenticated):
    type = "INVALID_TOKEN"
    message = "The token is unknown, has ended or has expired. Sign in again."
    challenge = 'Bearer realm="gatehouse", error="invalid_token"'


class Forbidden(GatehouseError):
    """403: the caller is known and may not."""

    status, type = HTTPStatus.FORBIDDEN, "AUTHORIZATION_ERROR"
    message = _("Your role does not allow this.")


class MembershipSuspended(Forbidden):
    """403 of whatever asks for a permission in an organization."""

    type = "MEMBERSHIP_SUSPENDED"
    message = "Your membership of this organization is suspended. Ask one of its admins."


class ReauthenticationRequired(Forbidden):
    """403 of an elevated verb. ``details.max_age`` is in seconds."""

    type = "REAUTHENTICATION_REQUIRED"
    message = "Confirm that it is you: POST /api/v1/auth/reauthenticate, then try again."


class StepUpRequired(Forbidden):
    """403 of what needs a factor, fresh. ``details``: ``acr_values`` and ``max_age`` in seconds."""

    type = "STEP_UP_REQUIRED"
    message = "Confirm that it is you by a second factor: POST /api/v1/auth/reauthenticate."


class MfaComplianceRequired(Forbidden):
    """403 of everything in an organization whose policy the caller does not meet in time.

    ``details``: ``overall_status``, ``organization_id``, ``missing_methods``, ``deadline_at``.
    """

    type = "MFA_COMPLIANCE_REQUIRED"
    message = (
        "This organization demands a second factor that you do not have: see missing_methods. Set"
        " it up on the page /security, or by POST /api/v1/auth/totp/enroll or"
        " /api/v1/auth/webauthn/register/begin, and you are in again at once."
    )


class NoSession(Forbidden):
    """403 of what is done to the caller's own session, when they have none."""

    message = "This needs a session, and the access token that you sent belongs to none."


class ProofTooOld(Unauthenticated):
    """401 of the same verb for a program with an access token: it can get a fresher one (RFC 9470
    3). ``details.max_age`` is in seconds.
    """

    type = "REAUTHENTICATION_REQUIRED"
    message = "The person has to sign in again: ask for a token with this max_age."
    challenge = (
        'Bearer realm="gatehouse", error="insufficient_user_authentication",'
        ' error_description="The person signed in too long ago.", max_age="600"'
    )


class FactorMissing(Unauthenticated):
    """401 of what needs a factor, for a program with an access token (RFC 9470 3)."""

    type = "STEP_UP_REQUIRED"
    message = "The person has to use a second factor: ask for a token with these acr_values."
    challenge = (
        'Bearer realm="gatehouse", error="insufficient_user_authentication",'
        ' error_description="The person has to use a second factor.", acr_values="mfa",'
        ' max_age="600"'
    )


class NotFound(GatehouseError):
    """404: there is none, or the caller may not know that there is one."""

    status, type = HTTPStatus.NOT_FOUND, "NOT_FOUND"
    message = _("There is no such thing here.")


class MethodNotAllowed(GatehouseError):
    status, type = HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"
    message = "This path does not take that method."


class RequestTimeout(GatehouseError):
    status, type = HTTPStatus.REQUEST_TIMEOUT, "REQUEST_TIMEOUT"
    message = "The rest of the body did not come in time. Send the request again."

    def __init__(self) -> None:
        super().__init__()
        self.headers.append(("Connection", "close"))


class Gone(GatehouseError):
    status, type = HTTPStatus.GONE, "GONE"
    message = "This is no longer here."


class Conflict(GatehouseError):
    """409: right in itself, but it clashes with what exists."""

    status, type = HTTPStatus.CONFLICT, "CONFLICT"
    message = _("This clashes with what exists.")


class TooLarge(GatehouseError):
    status, type = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PAYLOAD_TOO_LARGE"
    message = _("The body is too large. At most 1 MB is read.")


class UnsupportedMediaType(GatehouseError):
    status, type = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"
    message = "Send JSON, with the header Content-Type: application/json."


class TooManyRequests(GatehouseError):
    """429. ``retry_after`` is in seconds and leaves as the Retry-After header (RFC 9110 10.2.3)."""

    status, type = HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED"
    message = _("Too many requests. Try again later.")

    def __init__(self, message: str | None = None, *, retry_after: int, **details: Any) -> None:
        super().__init__(message, retry_after=retry_after, **details)
        self.headers.append(("Retry-After", str(retry_after)))


class BadGateway(GatehouseError):
    status, type = HTTPStatus.BAD_GATEWAY, "BAD_GATEWAY"
    message = "A system that we asked did not answer as it should."


class Unavailable(GatehouseError):
    """503: a part that we need is away for the moment. Nothing was done."""

    status, type = HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"
    message = _("A part of the service is away for a moment. Nothing was changed; try again.")

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.headers.append(("Retry-After", "1"))


class ChangedButRemembered(Unavailable):
    """503 after a commit: neither Redis nor the database could be told to forget."""

    message = _("The change was made, but for up to a minute it may not hold everywhere.")


# What ``requires`` may refuse, and ``check_permission`` in a view whose path names no organization.
OF_AN_ORGANIZATION = (NotFound, Forbidden, MembershipSuspended, MfaComplianceRequired)
