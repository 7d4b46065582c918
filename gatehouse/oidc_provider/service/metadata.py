"""What we say of ourselves to programs: only what works (Discovery 3, RFC 8414 2)."""

from typing import Any

from gatehouse.core.context import Runtime
from gatehouse.oidc_provider.rules.acr import LEVELS
from gatehouse.oidc_provider.rules.claims import ALL_SCOPES, SUPPORTED
from gatehouse.oidc_provider.service.redeeming import GRANTS
from gatehouse.oidc_provider.service.responses import MODES
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.signing_keys.rules import ALGORITHMS

AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


def metadata(runtime: Runtime) -> dict[str, Any]:
    """The document. Addresses come from the issuer alone, never from a request."""
    issuer = issuer_of(runtime)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oidc/authorize",
        "token_endpoint": f"{issuer}/oidc/token",
        "userinfo_endpoint": f"{issuer}/oidc/userinfo",
        "jwks_uri": f"{issuer}/oidc/jwks",
        "introspection_endpoint": f"{issuer}/oidc/introspect",
        "revocation_endpoint": f"{issuer}/oidc/revoke",
        "end_session_endpoint": f"{issuer}/oidc/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "device_authorization_endpoint": f"{issuer}/oidc/device_authorization",
        "scopes_supported": list(ALL_SCOPES),
        "claims_supported": list(SUPPORTED),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANTS),
        "subject_types_supported": ["public", "pairwise"],
        "acr_values_supported": list(LEVELS),
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": [*AUTH_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_methods_supported": [*AUTH_METHODS, "none"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en"],
    }
