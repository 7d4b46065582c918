"""The words that settings of clients are chosen from. Pure."""

from gatehouse.core.jose import ASYMMETRIC

CODE, REFRESH, OWN = "authorization_code", "refresh_token", "client_credentials"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
CIBA = "urn:openid:params:grant-type:ciba"
GRANT_TYPES = (CODE, REFRESH, OWN, DEVICE, EXCHANGE, CIBA)
OF_PEOPLE = (CODE, DEVICE, CIBA)  # those at whose end a person is signed in

WEB, NATIVE, SPA, SERVICE = "web", "native", "spa", "service"
APPLICATION_TYPES = (WEB, NATIVE, SPA, SERVICE)
RESPONSE_MODES = (
    *("query", "fragment", "form_post"),
    *("jwt", "query.jwt", "fragment.jwt", "form_post.jwt"),
)

BY_SECRET = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
BY_KEY = ("private_key_jwt", "self_signed_tls_client_auth")
BY_CERTIFICATE = ("tls_client_auth", "self_signed_tls_client_auth")
AUTH_METHODS = (*BY_SECRET, "private_key_jwt", *BY_CERTIFICATE, "none")
ASSERTION_ALGORITHMS = (*ASYMMETRIC, "HS256")
REQUEST_ALGORITHMS = ASYMMETRIC
CERTIFICATE_NAMES = (
    "tls_client_auth_subject_dn",
    *(f"tls_client_auth_san_{kind}" for kind in ("dns", "uri", "ip", "email")),
)

POLICIES = ("everyone", "organizations", "groups", "roles")
# Those of oidc_provider/rules/claims.py, which no mapper may set; a test compares them.
RESERVED_CLAIMS = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "auth_time", "acr"),
        *("amr", "at_hash", "c_hash", "s_hash", "sid", "cnf", "scope", "client_id", "act", "typ"),
        *("events", "may_act", "gid", "fid", "authorization_details"),
        *("active", "token_type", "username", "stays", "came_of", "wishes"),
    }
)
