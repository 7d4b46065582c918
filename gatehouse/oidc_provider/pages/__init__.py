"""The pages of the OpenID provider: to an application, of devices, and on the way out."""

from gatehouse.oidc_provider.pages.authorize import pages as authorize
from gatehouse.oidc_provider.pages.devices import pages as devices
from gatehouse.oidc_provider.pages.logout import pages as logout
from gatehouse.oidc_provider.pages.requests import pages as requests

pages = (authorize, devices, logout, requests)

__all__ = ["pages"]
