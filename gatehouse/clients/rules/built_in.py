"""The client that every installation has: the command line, which uses the REST API for a person.

Its row comes with the schema, for others to point to; what it may do stands here alone, so that
nobody can widen it. Pure.
"""

from gatehouse.clients.rules.options import Options

COMMAND_LINE = "gatehouse-cli"
API_SCOPE = "api"


def api_of(app_url: str) -> str:
    """The REST API as a resource (RFC 8707)."""
    return f"{app_url}/api/v1"


def options_of_built_in(app_url: str) -> Options:
    """A public native client (RFC 8252). Whatever listens on a loopback address can pass for it, so
    a yes to it is good for once.
    """
    return Options(
        application_type="native",
        token_endpoint_auth_method="none",  # noqa: S106 - the name of a method
        redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback"),
        grant_types=(
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ),
        scopes=("openid", "profile", "email", "offline_access", API_SCOPE),
        default_scopes=("openid", API_SCOPE),
        resources=(api_of(app_url),),
        refresh_grace_seconds=10,
        access_policy="everyone",
        consent_lifetime=0,
    )
