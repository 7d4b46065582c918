"""The rules of clients."""

from gatehouse.clients.service.authentication import Proven, authenticate
from gatehouse.clients.service.certificates import certificate_of
from gatehouse.clients.service.keys import keys_of
from gatehouse.clients.service.limits import refuse_too_many

__all__ = ["Proven", "authenticate", "certificate_of", "keys_of", "refuse_too_many"]
