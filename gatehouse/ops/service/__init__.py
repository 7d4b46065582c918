"""The rules of running the house."""

from gatehouse.ops.service.database import migrate, prepare_database
from gatehouse.ops.service.demo import seed_demo
from gatehouse.ops.service.running import run_in_a_loop, run_once

__all__ = ["migrate", "prepare_database", "run_in_a_loop", "run_once", "seed_demo"]
