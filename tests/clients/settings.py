"""Settings of clients for tests of what they may be, and what is wrong with some."""

from typing import Any

from gatehouse.clients.rules import Scene, problems_of, with_defaults

# RFC 7515 A.3
PUBLIC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
PRIVATE = {**PUBLIC, "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}
SHORT_RSA = {"kty": "RSA", "n": "v" * 171, "e": "AQAB"}
SLOW_RSA = {"kty": "RSA", "n": "v" * 342 + "w", "e": "v" * 342 + "w"}
SHARED = {"kty": "oct", "k": "v" * 43}
KEYS = {"keys": [PUBLIC]}
# RFC 8037 A.2
EDWARDS = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
BACK = "https://app.example.com/callback"
SCENE = Scene(own=("https://id.example.com",), allowed=("10.1.0.0/16", "127.0.0.1", "localhost"))
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
FAPI2 = {
    "profile": "fapi2",
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": KEYS,
    "dpop_bound_access_tokens": True,
}


def wrong(**settings: Any) -> set[str]:
    """The fields that are wrong in a usual client with these settings."""
    return set(problems_of(with_defaults({"redirect_uris": [BACK], **settings}), SCENE))
