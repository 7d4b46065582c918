"""What a program says of itself when it registers, and what it is told back (RFC 7591 2). Pure."""

from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from gatehouse.clients.rules import Options, with_defaults
from gatehouse.core.legible import is_legible
from gatehouse.oidc_provider.rules.asked import scope_member
from gatehouse.oidc_provider.rules.claims import ALL_SCOPES

# Our settings that go by their names in RFC 7591, OpenID Connect Registration and others. Those
# that are not here are for people who manage the client.
METADATA = (
    *("application_type", "client_uri", "logo_uri", "policy_uri", "tos_uri", "contacts"),
    *("software_id", "software_version", "redirect_uris", "post_logout_redirect_uris"),
    *("initiate_login_uri", "grant_types", "response_types", "token_endpoint_auth_method"),
    *("token_endpoint_auth_signing_alg", "jwks", "jwks_uri", "tls_client_auth_subject_dn"),
    *(f"tls_client_auth_san_{kind}" for kind in ("dns", "uri", "ip", "email")),
    *("require_pushed_authorization_requests", "require_signed_request_object"),
    *("request_object_signing_alg", "dpop_bound_access_tokens"),
    *("tls_client_certificate_bound_access_tokens", "subject_type", "sector_identifier_uri"),
    *("id_token_signed_response_alg", "userinfo_signed_response_alg"),
    *("introspection_signed_response_alg", "authorization_signed_response_alg"),
    *("default_max_age", "require_auth_time", "default_acr_values"),
    *("backchannel_logout_uri", "backchannel_logout_session_required"),
    "authorization_details_types",
)
ENOUGH = ("openid", "profile", "email", "address", "phone")
OFFLINE = "offline_access"
GRANTS = (
    *("authorization_code", "refresh_token", "client_credentials"),
    "urn:ietf:params:oauth:grant-type:device_code",
)
LONGEST_NAME = 120
UNNAMED = "Unnamed application"

Problems = dict[str, list[str]]


def settings_of(metadata: Mapping[str, Any]) -> tuple[dict[str, Any], Problems]:
    """The settings that follow from what a program sent; members that we do not know are ignored,
    those without a value were not sent.
    """
    sent = {name: metadata[name] for name in METADATA if metadata.get(name) is not None}
    found: Problems = {}
    grants = sent.get("grant_types")
    if isinstance(grants, list) and any(grant not in GRANTS for grant in grants):
        found["grant_types"] = [f"Must be some of: {', '.join(GRANTS)}."]
        del sent["grant_types"]
    settings = with_defaults(sent)
    scope = metadata.get("scope")
    if scope is not None and not isinstance(scope, str):
        found["scope"] = ["Must be words with blanks between."]
    elif scope is not None:
        settings["scopes"] = [word for word in dict.fromkeys(scope.split()) if word in ALL_SCOPES]
        if not settings["scopes"]:
            found["scope"] = [f"Must name at least one of: {', '.join(ALL_SCOPES)}."]
    else:
        has_refresh = isinstance(grants, list) and "refresh_token" in grants
        settings["scopes"] = [*ENOUGH, *((OFFLINE,) if has_refresh else ())]
    return settings, found


def name_of(metadata: Mapping[str, Any]) -> tuple[str, Problems]:
    """What the application is called. It is shown to people, as text."""
    name = metadata.get("client_name")
    if name is None:
        return UNNAMED, {}
    found = normalize("NFC", name).strip() if isinstance(name, str) else ""
    if not found or not is_legible(found):
        says = "Must be text in one line, without control and invisible characters."
        return "", {"client_name": [says]}
    if len(found) > LONGEST_NAME:
        return "", {"client_name": [f"Must be at most {LONGEST_NAME} characters."]}
    return found, {}


def metadata_of(name: str, options: Options) -> dict[str, Any]:
    """What holds, with all that was filled in (RFC 7591 3.2.1)."""
    values = {each: getattr(options, each) for each in METADATA}
    told = {
        each: list(value) if isinstance(value, tuple) else value
        for each, value in values.items()
        if value is not None
    }
    return {"client_name": name, **scope_member(options.scopes), **told}
