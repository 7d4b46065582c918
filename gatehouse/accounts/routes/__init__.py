"""HTTP for accounts."""

from gatehouse.accounts.routes.me import api as me
from gatehouse.accounts.routes.recovery import api as recovery

__all__ = ["me", "recovery"]
