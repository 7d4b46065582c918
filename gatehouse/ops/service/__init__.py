"""The rules of running the house."""

from gatehouse.ops.service.database import migrate, prepare_database
from gatehouse.ops.service.demo import seed_demo

__all__ = ["migrate", "prepare_database", "seed_demo"]
