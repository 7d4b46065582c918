"""How the OpenID provider refuses: in the words of its RFCs, or on a page."""

from http import HTTPStatus
from typing import ClassVar

from gatehouse.core.errors import BadRequest, Conflict, Forbidden, TooManyRequests
from gatehouse.core.protocol import OAuthError
from gatehouse.core.sayings import _


class NotLedOn(BadRequest):
    """400 as a page: the application or its address is not known, so nobody is led there. ``uri``
    is the address, for the log alone.
    """

    def __init__(
        self, message: str, *, reason: str, client_id: str = "", uri: str | None = None
    ) -> None:
        whole = _(
            "The application that sent you here did not ask correctly. %(more)s", more=message
        )
        super().__init__(whole)
        self.reason = reason
        self.client_id = client_id
        self.uri = uri


class WayOver(BadRequest):
    message = _(
        "This sign-in took too long, was begun in another browser, or is done already. Go back to"
        " the application, and begin again there."
    )


class NoSuchDevice(BadRequest):
    message = _(
        "No device waits with this code. It may be mistyped, used, or over: look at the device"
        " again."
    )


class TooManyCodes(TooManyRequests):
    message = _("Too many codes were wrong.")


class NothingWaits(BadRequest):
    message = _(
        "This was answered already, or it took too long. If need be, begin again where you started"
        " it."
    )


class NoEntry(Forbidden):
    """403 as a page: the rules of the client are not met by this person, or this sign-in."""

    SAYS: ClassVar[dict[str, str]] = {
        "no_access": _("This application is not open to your account. Ask one of its admins."),
        "acr_too_low": _("This application wants a stronger sign-in than yours."),
    }

    def __init__(self, reason: str) -> None:
        super().__init__(self.SAYS[reason])
        self.reason = reason


class AuthorizationPending(OAuthError):
    """RFC 8628 3.5."""

    error = "authorization_pending"
    message = "Nobody has answered yet."


class SlowDown(OAuthError):
    """RFC 8628 3.5."""

    error = "slow_down"
    message = "You asked too soon: wait 5 seconds longer from now on."


class ExpiredToken(OAuthError):
    """RFC 8628 3.5."""

    error = "expired_token"
    message = "The time to answer is over: begin again."


class InvalidBindingMessage(OAuthError):
    """OpenID Connect CIBA Core 13."""

    error = "invalid_binding_message"
    message = "The binding_message is plain text of at most 64 characters."


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"
    message = "There is no such grant_type."


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"
    message = "The response_type must be code."


class InvalidScope(OAuthError):
    error = "invalid_scope"
    message = "The scope is not valid, or goes beyond what was granted."


class InvalidTarget(OAuthError):
    """RFC 8707 2."""

    error = "invalid_target"
    message = "The resource is not one that this client may ask for."


class InvalidRequestObject(OAuthError):
    """RFC 9101 7."""

    error = "invalid_request_object"
    message = "The request object is not valid."


class InvalidRequestUri(OAuthError):
    """RFC 9101 7, RFC 9126 2.2."""

    error = "invalid_request_uri"
    message = "The request_uri is unknown, used, expired, or not yours."


class RequestNotSupported(OAuthError):
    error = "request_not_supported"
    message = "This client has registered no key by which a request object could be read."


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"
    message = "Only a request_uri of our own is taken: push the request (RFC 9126)."


class RegistrationNotSupported(OAuthError):
    error = "registration_not_supported"
    message = "The parameter registration is not supported."


class InvalidAuthorizationDetails(OAuthError):
    """RFC 9396 5."""

    error = "invalid_authorization_details"
    message = "The authorization_details are not valid, or not of a type of this client."


class LoginRequired(OAuthError):
    error = "login_required"
    message = "Nobody is signed in, or not recently enough."


class ConsentRequired(OAuthError):
    error = "consent_required"
    message = "The person has not agreed to this yet."


class InteractionRequired(OAuthError):
    error = "interaction_required"
    message = "The person has something to do first."


class AccountSelectionRequired(OAuthError):
    error = "account_selection_required"
    message = "The person has to choose an account."


class AccessDenied(OAuthError):
    error = "access_denied"
    message = "The person said no, or may not use this application."


class UnmetAuthentication(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0."""

    error = "unmet_authentication_requirements"
    message = "The required authentication cannot be done here."


class InvalidToken(OAuthError):
    """RFC 6750 3.1."""

    status = HTTPStatus.UNAUTHORIZED
    error = "invalid_token"
    message = "The access token is not valid: unknown, expired, revoked, or for something else."


class BoundToKey(InvalidToken):
    """RFC 9449 7.1: it was shown as if whoever has it might use it."""

    message = "The access token is bound to a key: send it with the scheme DPoP, and a proof."


class InvalidDpopProof(OAuthError):
    """RFC 9449 5."""

    error = "invalid_dpop_proof"
    message = "The DPoP proof is missing or not valid."


class UseDpopNonce(OAuthError):
    """RFC 9449 8, 9."""

    error = "use_dpop_nonce"
    message = "The DPoP proof must hold the nonce of the header DPoP-Nonce."


class InsufficientScope(OAuthError):
    status = HTTPStatus.FORBIDDEN
    error = "insufficient_scope"
    message = "The access token does not have the scope openid."


class InvalidClientMetadata(OAuthError):
    """RFC 7591 3.2.2."""

    error = "invalid_client_metadata"
    message = "Something that the client says of itself is not valid."


class InvalidRedirectUri(OAuthError):
    error = "invalid_redirect_uri"
    message = "A redirect URI is not valid."


class TermsChanged(Conflict):
    """409: what the application asks for is not what the sign-in page was told."""

    message = "What this application asks for has changed since. Begin again at the application."


class NotBegun(BadRequest):
    message = "Nobody was shown what this application asks for: POST /oidc/begin comes first."


class OtherAccountExpected(Forbidden):
    message = "This application expects another account."


class NoAccess(Forbidden):
    message = "This application is not open to your account."


class OnlyWithASession(Forbidden):
    message = "Applications are signed in to with a session, not with an access token."
