"""From a token to an actor: what every signed-in request pays for. Needs neither Flask nor the ORM.

With Redis it is one round trip. What Redis remembers lives no longer than the stored expiry may
lag behind, and then the row is read, and slid, again. Without Redis it is one indexed SELECT.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import update

from gatehouse.core.access import Recognised
from gatehouse.core.cache import OwnedCache
from gatehouse.core.context import Actor
from gatehouse.core.rate_limit import Limit, Rule, parse, tally
from gatehouse.core.runtime import Runtime
from gatehouse.core.tokens import SESSION, hash_token, is_well_formed
from gatehouse.sessions.models import Session, SessionStatus
from gatehouse.sessions.queries import BY_TOKEN
from gatehouse.sessions.rules import is_worth_writing, slack, slid


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a session: enough to be its actor, and when to stop believing it."""

    actor: Actor
    expires_at: datetime
    ends_at: datetime
    idle: timedelta


@dataclass(frozen=True, slots=True)
class Asked:
    """What Redis is asked: whose token it is, and to count the call under these limits."""

    token_hash: bytes
    rules: tuple[Rule, ...]
    limit: Limit | None
    now: datetime
    answer: str


def recognise(
    runtime: Runtime, token: str, now: datetime, *, answer: str = "", limit: Limit | None = None
) -> Recognised | None:
    """The Authenticator port: whose token this is, if it holds."""
    if not is_well_formed(token, SESSION):
        return None
    token_hash = hash_token(token)
    rules = _general_rules(runtime)
    if runtime.cache is not None:
        asked = Asked(token_hash, rules, limit, now, answer)
        found = _look(runtime.cache, asked)
        if found is None and _remember(runtime, runtime.cache, token_hash, now):
            found = _look(runtime.cache, asked)
        if found is not None:
            return found
    known = _read(runtime, token_hash, now)
    if known is None:
        return None
    _slide(runtime, known, now)
    if not rules:
        return Recognised(known.actor)
    who = str(known.actor.user_id)
    return Recognised(known.actor, runtime.counter.count(who, rules, now.timestamp()))


def _general_rules(runtime: Runtime) -> tuple[Rule, ...]:
    settings = runtime.settings
    return parse(settings.ratelimits["api"]) if settings.ratelimit_enabled else ()


def _look(cache: OwnedCache, asked: Asked) -> Recognised | None:
    rules, moment = asked.rules, asked.now.timestamp()
    name, of_route = asked.limit or ("", ())
    found = cache.look(
        asked.token_hash.hex(),
        answer=asked.answer,
        counters=[(rule.window(moment), rule.period) for rule in rules],
        # Where those who come without a session are counted, too: rate_limit.count.
        limits=[(f"limit:{name}:", f":{rule.window(moment)}", rule.period) for rule in of_route],
    )
    if found is None:
        return None
    actor, expires_at = _unpacked(found.payload)
    if expires_at <= asked.now:
        return None
    general, counts = found.counts[: len(rules)], found.counts[len(rules) :]
    return Recognised(
        actor,
        tally(rules, general, moment) if rules else None,
        found.answer,
        found.version,
        tally(of_route, counts, moment) if of_route else None,
    )


def _remember(runtime: Runtime, cache: OwnedCache, token_hash: bytes, now: datetime) -> bool:
    """Read the row and let the cache know. The version is asked for before the row is read."""
    owner = _read(runtime, token_hash, now)
    if owner is None:
        return False
    user_id = str(owner.actor.user_id)
    version = cache.begin(user_id)
    known = _read(runtime, token_hash, now)
    if version is None or known is None:
        return False
    expires_at = _slide(runtime, known, now)
    life = min(runtime.settings.sessions.persist_interval, slack(known.idle), expires_at - now)
    packed = _packed(known.actor, expires_at)
    cache.fill(token_hash.hex(), user_id, version, packed, life.total_seconds())
    return True


def _read(runtime: Runtime, token_hash: bytes, now: datetime) -> Known | None:
    with runtime.short.connect() as db:
        row = db.execute(BY_TOKEN, {"token_hash": token_hash, "now": now}).first()
    if row is None:
        return None
    actor = Actor("user", row.user_id, row.id, row.auth_time, tuple(row.amr.split()))
    return Known(actor, row.expires_at, row.ends_at, timedelta(seconds=row.idle_seconds))


def _slide(runtime: Runtime, known: Known, now: datetime) -> datetime:
    """Move the stored expiry on if it lags too far. Never revives what has ended meanwhile."""
    expires_at = slid(now, known.idle, known.ends_at)
    if not is_worth_writing(known.expires_at, expires_at, known.idle):
        return known.expires_at
    statement = (
        update(Session)
        .where(
            Session.id == known.actor.session_id,
            Session.status == SessionStatus.ACTIVE,
            Session.expires_at > now,
            Session.expires_at < expires_at,
        )
        .values(expires_at=expires_at, last_seen_at=now)
    )
    with runtime.short.connect() as db:
        db.execute(statement)
    return expires_at


def _packed(actor: Actor, expires_at: datetime) -> bytes:
    authenticated = actor.auth_time.timestamp() if actor.auth_time else 0
    return orjson.dumps(
        [
            str(actor.user_id),
            str(actor.session_id),
            expires_at.timestamp(),
            authenticated,
            actor.amr,
        ]
    )


@lru_cache(maxsize=4096)
def _unpacked(payload: bytes) -> tuple[Actor, datetime]:
    user_id, session_id, expires_at, auth_time, amr = orjson.loads(payload)
    actor = Actor("user", UUID(user_id), UUID(session_id), _time(auth_time), tuple(amr))
    return actor, _time(expires_at)


def _time(timestamp: Any) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
