"""Asking the parts that we stand on whether they are there."""

from sqlalchemy.exc import SQLAlchemyError

from gatehouse.core.db import in_a_hurry
from gatehouse.core.redis_link import RedisAway
from gatehouse.core.runtime import Runtime
from gatehouse.core.schema import schema_of

OK, DOWN, SCHEMA = "ok", "down", "schema"


def database_state(runtime: Runtime) -> str:
    """Whether the database answers and has our tables, or those of the next version."""
    try:
        with runtime.short.connect() as db, in_a_hurry(db):
            return OK if schema_of(db).serves else SCHEMA
    except SQLAlchemyError:
        return DOWN


def redis_state(runtime: Runtime) -> str:
    if runtime.link is None:
        return "not configured"
    try:
        runtime.link.call("PING")
    except RedisAway:
        return DOWN
    return OK
