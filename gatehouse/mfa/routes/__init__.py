"""HTTP for one's own second factors."""

from gatehouse.mfa.routes.passkeys import api as passkeys
from gatehouse.mfa.routes.passkeys import related
from gatehouse.mfa.routes.totp import api as totp

__all__ = ["passkeys", "related", "totp"]
