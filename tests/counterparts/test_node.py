"""Libraries for Node, as applications use them: openid-client and oauth4webapi.

CORE-01 to 08, CORE-42, CORE-46, RT-01, RT-08, INTR-01, REV-01, PAR-01, DPOP-01, JAR-01, DEV-01,
RPL-02, DISC-15.
"""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.counterparts import node
from tests.counterparts.conftest import GOODBYE, Provider, unless

pytestmark = [pytest.mark.integration, pytest.mark.slow]
unless(node.what_is_missing)
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
PUBLIC = {"token_endpoint_auth_method": "none"}
METHODS = ("client_secret_basic", "client_secret_post", "none", "private_key_jwt")


def keyed(provider: Provider, method: str, **settings: Any) -> tuple[dict[str, Any], Any]:
    """The settings of a client that proves itself so, and what its application has to know."""
    settings = {"token_endpoint_auth_method": method, **settings}
    if method != "private_key_jwt" and "request_object_signing_alg" not in settings:
        return settings, {}
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "one"})
    public = key.as_dict(private=False)
    extra = {"token_endpoint_auth_signing_alg": "ES256"} if method == "private_key_jwt" else {}
    return {**settings, **extra, "jwks": {"keys": [public]}}, {"key": key.as_dict(private=True)}


@pytest.mark.parametrize("method", METHODS)
def test_openid_client_signs_a_person_in(provider: Provider, method: str):
    provider.needs_method(method)
    settings, more = keyed(provider, method)
    told = provider.told(provider.client(**settings), **more)
    visitor = provider.visitor()

    found = node.run("openid_client", "code", told, visitor)

    assert visitor.pages[0] == "/login"
    assert found["person"]["email"] == visitor.email
    assert found["later"] == found["person"]
    assert found["is_same"] is True
    assert found["refused"] == "invalid_grant"
    assert found["out"] is not None
    if method != "none":
        assert (found["active"], found["kept"]) == (True, True)


def test_openid_client_hears_that_nobody_is_signed_in(provider: Provider):
    told = provider.told(provider.client())

    found = node.run("openid_client", "silent", told, provider.visitor())

    assert found == "login_required"


@pytest.mark.parametrize("program", ["openid_client", "oauth4webapi"])
@pytest.mark.parametrize("method", [method for method in METHODS if method != "none"])
def test_a_machine_gets_a_token_of_its_own(provider: Provider, program: str, method: str):
    provider.needs_method(method)
    settings, more = keyed(
        provider, method, grant_types=["client_credentials"], scopes=["api:read", "api:write"]
    )
    client = provider.client(**settings)

    found = node.run(program, "machine", provider.told(client, scope="api:read", **more))

    assert (found["scope"], found["active"]) == ("api:read", True)
    if program == "openid_client":
        assert (found["sub"], found["after"]) == (client.client_id, False)
    else:
        assert found["claims"] == {"client_id": client.client_id, "scope": "api:read"}


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_oauth4webapi_finds_every_answer_as_the_standards_have_it(provider: Provider, method: str):
    client, visitor = provider.client(token_endpoint_auth_method=method), provider.visitor()

    found = node.run("oauth4webapi", "code", provider.told(client), visitor)

    assert found["is_same"] is True
    assert found["has_auth_time"] is True
    assert found["person"]["email"] == visitor.email
    assert found["claims"]["client_id"] == client.client_id


@pytest.mark.parametrize(
    ("flow", "announcement", "settings"),
    [
        ("pushed", "pushed_authorization_request_endpoint", {}),
        (
            "pushed",
            "pushed_authorization_request_endpoint",
            {"require_pushed_authorization_requests": True},
        ),
        (
            "signed",
            "request_object_signing_alg_values_supported",
            {"request_object_signing_alg": "ES256"},
        ),
        ("dpop", "dpop_signing_alg_values_supported", {}),
        ("dpop", "dpop_signing_alg_values_supported", {"dpop_bound_access_tokens": True}),
        ("dpop", "dpop_signing_alg_values_supported", PUBLIC),
        (
            "dpop",
            "dpop_signing_alg_values_supported",
            {"dpop_bound_access_tokens": True, "dpop_require_nonce": True},
        ),
        ("device", "device_authorization_endpoint", PUBLIC),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value) or "usual",
)
def test_openid_client_does_what_is_announced(
    provider: Provider, flow: str, announcement: str, settings: dict[str, Any]
):
    provider.needs(announcement)
    grants = ["authorization_code", "refresh_token", *([DEVICE] if flow == "device" else [])]
    method = settings.get("token_endpoint_auth_method", "client_secret_basic")
    chosen, more = keyed(provider, method, grant_types=grants, **settings)
    visitor = provider.visitor()

    found = node.run(
        "openid_client", flow, provider.told(provider.client(**chosen), **more), visitor
    )

    assert found["person"]["email"] == visitor.email
    assert found["is_same"] is True
    if flow == "dpop":
        assert (found["type"], found["bare"], found["is_refused"]) == ("dpop", 401, True)
    if flow == "device":
        assert found["early"] == "authorization_pending"


def test_openid_client_signs_a_person_out(provider: Provider):
    """RPL-02: and the next sign-in asks for the password again."""
    provider.needs("end_session_endpoint")
    told, visitor = provider.told(provider.client()), provider.visitor()

    found = node.run("openid_client", "logout", told, visitor)

    assert (found["home"], found["is_state"]) == (GOODBYE, True)
    assert node.run("openid_client", "silent", told, visitor) == "login_required"
