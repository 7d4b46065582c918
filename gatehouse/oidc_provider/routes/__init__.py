"""HTTP for the OpenID provider: the endpoints that programs call."""

from gatehouse.oidc_provider.routes.bridge import api
from gatehouse.oidc_provider.routes.devices import devices
from gatehouse.oidc_provider.routes.discovery import discovery
from gatehouse.oidc_provider.routes.registration import registration
from gatehouse.oidc_provider.routes.token import give_tokens, introspect, token
from gatehouse.oidc_provider.routes.userinfo import read_userinfo, userinfo

endpoints = (discovery, token, userinfo, devices, registration)
# What is called most.
lane = (give_tokens, introspect, read_userinfo)

__all__ = ["api", "endpoints", "lane"]
