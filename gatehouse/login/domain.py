"""The login domain's declaration."""

from gatehouse.core.domain import Domain
from gatehouse.login.pages import pages
from gatehouse.login.routes import api

domain = Domain(apis=(api,), pages=(pages,))
