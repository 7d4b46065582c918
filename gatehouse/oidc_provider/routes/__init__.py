"""HTTP for the OpenID provider: the endpoints that programs call."""

from gatehouse.oidc_provider.routes.discovery import discovery
from gatehouse.oidc_provider.routes.token import token
from gatehouse.oidc_provider.routes.userinfo import userinfo

endpoints = (discovery, token, userinfo)

__all__ = ["endpoints"]
