"""The declaration of the domain of locks."""

from gatehouse.core.domain import Domain
from gatehouse.locks.queries import locks
from gatehouse.locks.routes import api

domain = Domain(apis=(api,), personal_data=(locks,))
