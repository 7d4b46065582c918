"""The login domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.login.routes import api, invites

domain = Domain(apis=(api, invites))
