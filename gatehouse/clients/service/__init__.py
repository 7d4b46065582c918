"""The rules of clients."""

from gatehouse.clients.service.authentication import Proven, authenticate

__all__ = ["Proven", "authenticate"]
