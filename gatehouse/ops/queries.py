"""Asking the parts that we stand on whether they are there."""

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gatehouse.core.cache import EPOCHS
from gatehouse.core.context import Runtime
from gatehouse.core.redis_link import RedisAway

OK, DOWN = "ok", "down"


def database_state(runtime: Runtime) -> str:
    """Whether the database answers and has our tables."""
    try:
        with runtime.short.connect() as db:
            db.execute(select(EPOCHS.c.epoch).limit(1))
    except SQLAlchemyError:
        return DOWN
    return OK


def redis_state(runtime: Runtime) -> str:
    if runtime.link is None:
        return "not configured"
    try:
        runtime.link.call("PING")
    except RedisAway:
        return DOWN
    return OK
