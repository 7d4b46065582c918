"""Everything that can be chosen for a client, with what holds when nothing was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

PUBLIC_GRACE = 10  # seconds
FAPI2 = "fapi2"
LONGEST_FAPI_CODE = 60  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of a client. Times are seconds. Names are those of RFC 7591, OpenID Connect
    Registration, RFC 9126, 9449 and 8705 where these have one.
    """

    application_type: str = "web"
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    software_id: str | None = None
    software_version: str | None = None

    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    allowed_cors_origins: tuple[str, ...] = ()
    initiate_login_uri: str | None = None

    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    response_modes: tuple[str, ...] = ("query", "form_post", "fragment")
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    default_scopes: tuple[str, ...] = ("openid",)
    resources: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    authorization_details_types: tuple[str, ...] = ()
    authorization_details_shapes: Mapping[str, Any] | None = None

    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - the name of a method
    token_endpoint_auth_signing_alg: str | None = None
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    ip_allowlist: tuple[str, ...] = ()
    rate_limit: str = "10/second"

    profile: str = "none"
    require_pkce: bool = True
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: str | None = None
    dpop_bound_access_tokens: bool = False
    dpop_require_nonce: bool = False
    tls_client_certificate_bound_access_tokens: bool = False

    subject_type: str = "public"
    sector_identifier_uri: str | None = None
    id_token_signed_response_alg: str = "RS256"  # noqa: S105
    id_token_lifetime: int = 3600
    id_token_include_scope_claims: bool = False
    userinfo_signed_response_alg: str | None = None
    introspection_signed_response_alg: str | None = None
    authorization_signed_response_alg: str = "RS256"
    access_token_signed_response_alg: str = "ES256"  # noqa: S105
    access_token_format: str = "jwt"  # noqa: S105
    access_token_lifetime: int = 600
    code_lifetime: int = 60

    refresh_token_lifetime: int = 2_592_000
    refresh_token_idle: int = 1_209_600
    refresh_rotation: str = "always"
    refresh_grace_seconds: int = 0
    always_issue_refresh_token: bool = False
    revoke_offline_on_logout: bool = False

    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    min_acr: str = "pwd"
    mfa_max_age: int | None = None
    prompt_select_account: str = "auto"
    consent: str = "required"
    consent_lifetime: int = 31_536_000
    access_policy: str = "organizations"
    allowed_org_ids: tuple[str, ...] = ()
    allowed_group_ids: tuple[str, ...] = ()
    allowed_roles: tuple[str, ...] = ()

    include_roles: bool = False
    include_groups: bool = False
    include_org: bool = False
    claims_mappers: tuple[Mapping[str, Any], ...] = ()

    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = True
    skip_logout_confirmation: bool = False
    token_exchange_policy: Mapping[str, Any] | None = None
    device_flow_confirm: bool = True
    introspection_allowed: str = "audience"

    @property
    def is_public(self) -> bool:
        """Whether nobody can keep a secret for it (RFC 6749 2.1)."""
        return self.token_endpoint_auth_method == "none"  # noqa: S105

    @property
    def binds_tokens(self) -> bool:
        """Whether its tokens are good for nobody who only has them (RFC 9449, 8705)."""
        return self.dpop_bound_access_tokens or self.tls_client_certificate_bound_access_tokens

    @property
    def is_fapi(self) -> bool:
        """Whether FAPI 2.0 holds for it."""
        return self.profile == FAPI2

    @property
    def code_seconds(self) -> int:
        """How long its codes live. FAPI 2.0 5.3.2.1 says a minute at most."""
        return min(self.code_lifetime, LONGEST_FAPI_CODE) if self.is_fapi else self.code_lifetime

    @property
    def rotates(self) -> bool:
        """Whether a refresh token is replaced with each use. FAPI 2.0 5.3.2.1 says no, and who is
        confidential and binds its tokens gains nothing by it.
        """
        if self.is_fapi or (self.binds_tokens and not self.is_public):
            return False
        return self.is_public or self.refresh_rotation == "always"


NAMES = tuple(field.name for field in fields(Options))
LISTS = frozenset(field.name for field in fields(Options) if "tuple" in str(field.type))


def options_of(settings: Mapping[str, Any]) -> Options:
    """The options of a client from what was chosen for it."""
    chosen: dict[str, Any] = {
        name: tuple(value) if name in LISTS else value
        for name, value in settings.items()
        if name in NAMES
    }
    if chosen.get("token_endpoint_auth_method") == "none":
        chosen.setdefault("refresh_grace_seconds", PUBLIC_GRACE)
    if chosen.get("profile") == FAPI2:
        # FAPI 2.0 5.4.1 has no RS256.
        chosen.setdefault("id_token_signed_response_alg", "ES256")
        chosen.setdefault("authorization_signed_response_alg", "ES256")
    return Options(**chosen)
