"""What is small, asked by everybody and seldom changed: read once a minute, and known in between.

Redis remembers it, if there is one. It is void as soon as its owner is forgotten: whoever changes
it says so by ``Context.forget``.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson

from gatehouse.core.context import Context

LIFE = 60  # seconds, if nothing voids it before

Facts = dict[str, Any]


def recall(ctx: Context, key: str, read: Callable[[], tuple[UUID, Facts]]) -> Facts:
    """What is known by ``key``, as JSON has it. ``read`` gives its owner and the facts."""
    cache = ctx.runtime.cache
    if cache is None:
        return read()[1]
    found = cache.look(key)
    if found is not None:
        facts: Facts = orjson.loads(found.payload)
        return facts
    owner, facts = read()
    version = cache.begin(str(owner))
    if version is not None and read() == (owner, facts):  # It has not changed before we began.
        cache.fill(key, str(owner), version, orjson.dumps(facts), LIFE)
    return facts
