"""The accounts domain's declaration."""

from gatehouse.accounts.adapters import Hashers
from gatehouse.accounts.pages import pages
from gatehouse.accounts.ports import PasswordHasher
from gatehouse.accounts.routes import api
from gatehouse.core.domain import Domain

domain = Domain(apis=(api,), pages=(pages,), ports={PasswordHasher: Hashers})
