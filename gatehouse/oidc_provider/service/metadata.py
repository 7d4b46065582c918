"""What we say of ourselves to programs: only what works (Discovery 3, RFC 8414 2)."""

from collections.abc import Mapping
from typing import Any

from gatehouse.clients.rules import api_of
from gatehouse.core.assurance import LEVELS
from gatehouse.core.jose import ASYMMETRIC
from gatehouse.core.languages import languages_of
from gatehouse.core.runtime import Runtime
from gatehouse.oidc_provider.rules.claims import ALL_SCOPES, SUPPORTED
from gatehouse.oidc_provider.rules.modes import MODES
from gatehouse.oidc_provider.service.objects import SIGNED_BY
from gatehouse.oidc_provider.service.redeeming import GRANTS
from gatehouse.oidc_provider.service.tokens import issuer_of
from gatehouse.signing_keys.rules import ALGORITHMS

ALIASED = (
    *("token_endpoint", "userinfo_endpoint", "introspection_endpoint", "revocation_endpoint"),
    *("pushed_authorization_request_endpoint", "device_authorization_endpoint"),
    "backchannel_authentication_endpoint",
)
# Which requests are taken beside plain ones, and how answers are signed. A request_uri of others
# is not: RFC 9126 needs no word for those of ours.
OF_REQUESTS: Mapping[str, Any] = {
    "request_parameter_supported": True,
    "request_uri_parameter_supported": False,
    "require_signed_request_object": False,
    "request_object_signing_alg_values_supported": list(SIGNED_BY),
    "authorization_signing_alg_values_supported": list(ALGORITHMS),
}

ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "pushed_authorization_request_endpoint": "par",
    "token_endpoint": "token",
    "userinfo_endpoint": "userinfo",
    "jwks_uri": "jwks",
    "introspection_endpoint": "introspect",
    "revocation_endpoint": "revoke",
    "registration_endpoint": "register",
    "device_authorization_endpoint": "device_authorization",
    "backchannel_authentication_endpoint": "bc-authorize",
    "end_session_endpoint": "logout",
}


def metadata(runtime: Runtime) -> dict[str, Any]:
    """The document. Addresses come from the issuer alone, never from a request."""
    methods = auth_methods(runtime)
    said = _endpoints(runtime) | {
        "require_pushed_authorization_requests": runtime.settings.oidc.require_par,
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_user_code_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": list(ALL_SCOPES),
        "claims_supported": list(SUPPORTED),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANTS),
        "subject_types_supported": ["public", "pairwise"],
        "acr_values_supported": list(LEVELS),
        "prompt_values_supported": _prompts(runtime),
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": [*methods, "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "protected_resources": [api_of(runtime.settings.app_url)],  # RFC 9728 4
        "ui_locales_supported": languages_of(runtime.settings.translations_dir).tags,
    }
    return said | dict(OF_REQUESTS) | of_proofs(runtime) | _aliases(runtime, said)


def _endpoints(runtime: Runtime) -> dict[str, Any]:
    issuer = issuer_of(runtime)
    found = {name: f"{issuer}/oidc/{path}" for name, path in ENDPOINTS.items()}
    if runtime.settings.oidc.registration == "off":
        del found["registration_endpoint"]
    return {"issuer": issuer, **found}


def auth_methods(runtime: Runtime) -> list[str]:
    """How clients may prove who they are; by a certificate only where a proxy shows us any."""
    oidc = runtime.settings.oidc
    found = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"]
    if oidc.cert_header and oidc.cert_verified_header:
        found.append("tls_client_auth")
    return [*found, "self_signed_tls_client_auth"] if oidc.cert_header else found


def of_proofs(runtime: Runtime) -> dict[str, Any]:
    """How clients sign, and what tokens can be bound to (RFC 9449 5.1, RFC 8705 3.3)."""
    algs = [*ASYMMETRIC, "HS256"]
    return {
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        "dpop_signing_alg_values_supported": list(ASYMMETRIC),
        "tls_client_certificate_bound_access_tokens": bool(runtime.settings.oidc.cert_header),
    }


def _aliases(runtime: Runtime, said: Mapping[str, Any]) -> dict[str, Any]:
    """Where the endpoints are at which certificates are asked for (RFC 8705 5)."""
    oidc = runtime.settings.oidc
    if not oidc.cert_header or not oidc.mtls_url:
        return {}
    here = {name: said[name] for name in ALIASED if name in said}
    there = {name: oidc.mtls_url + url.removeprefix(oidc.issuer) for name, url in here.items()}
    return {"mtls_endpoint_aliases": there}


def _prompts(runtime: Runtime) -> list[str]:
    """Initiating User Registration 1.0, 4: create only where somebody can make an account."""
    known = ["none", "login", "consent", "select_account"]
    return [*known, "create"] if runtime.settings.registration_enabled else known
