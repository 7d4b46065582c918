"""The applications of the demo data, with secrets that everybody knows."""

from typing import Any

from gatehouse.clients.queries import find_client
from gatehouse.clients.service.writing import add_client, chosen_secret
from gatehouse.core.context import Actor, Origin, unit_of_work
from gatehouse.core.runtime import Runtime
from gatehouse.organizations.queries import find_organization

PORTAL: dict[str, Any] = {
    "redirect_uris": [
        "https://portal.acme-corp.com/auth/callback",
        "http://localhost:3000/auth/callback",
        "http://127.0.0.1:3000/auth/callback",
        "http://localhost:4180/oauth2/callback",
        "http://localhost:8000/hub/oauth_callback",
        "http://localhost:3000/login/generic_oauth",
    ],
    "post_logout_redirect_uris": ["http://localhost:3000/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile", "email", "roles", "offline_access"],
    "require_pkce": False,  # It is checked when it is sent.
}
MOBILE: dict[str, Any] = {
    "application_type": "native",
    "token_endpoint_auth_method": "none",
    "redirect_uris": ["com.acmecorp.app://oauth/callback", "http://127.0.0.1/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile", "email", "offline_access"],
}
DASHBOARD: dict[str, Any] = {
    "redirect_uris": ["http://localhost:3001/auth/callback"],
    "post_logout_redirect_uris": ["http://localhost:3001/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile", "email", "roles", "offline_access"],
}
API: dict[str, Any] = {
    "application_type": "service",
    "grant_types": ["client_credentials"],
    "response_types": [],
    "scopes": ["api:read", "api:write"],
}
# client_id, organization, name, secret, settings
CLIENTS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("acme-portal-001", "acme-corp", "Acme Portal", "acme_secret_portal_2024", PORTAL),
    ("acme-mobile-001", "acme-corp", "Acme Mobile", "", MOBILE),
    (
        "tech-dashboard-001",
        "tech-startup",
        "Tech Dashboard",
        "tech_secret_dashboard_2024",
        DASHBOARD,
    ),
    ("data-api-001", "data-systems", "Data API", "data_secret_api_2024", API),
)


def seed_clients(runtime: Runtime) -> int:
    """Add the clients that are missing. Returns how many there were."""
    added = 0
    for client_id, slug, name, secret, settings in CLIENTS:
        if find_client(runtime, client_id) is not None:
            continue
        with unit_of_work(runtime, Origin("demo"), Actor(kind="job")) as ctx:
            organization = find_organization(ctx, slug)
            if organization is None:
                raise RuntimeError(f"{slug} should have been seeded before.")
            add_client(
                ctx,
                org_id=organization.id,
                client_id=client_id,
                name=name,
                settings=settings,
                secrets=(chosen_secret(ctx, secret),) if secret else (),
            )
        added += 1
    return added
