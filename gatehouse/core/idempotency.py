"""Doing a thing once, however often it is asked for: the header Idempotency-Key on what creates.

The row that holds the answer is written in the transaction of the act, and its key is unique: the
database decides who was first. A mark beside it tells that the first is still at work.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Index, LargeBinary, Table, Text, delete, select

from gatehouse.core import envelope
from gatehouse.core.context import Context
from gatehouse.core.crypto import CannotOpen
from gatehouse.core.db import Model, TZDateTime, insert_into
from gatehouse.core.errors import Conflict, Invalid
from gatehouse.core.runtime import Runtime

REQUEST = "Idempotency-Key"
REPLAYED = ("Idempotent-Replay", "true")
PATTERN = "[!-~][ -~]{6,126}[!-~]"
KEY = re.compile(PATTERN)
LIFE = timedelta(hours=24)
MARK_LIFE = 30  # seconds that one who died keeps others waiting; the row decides all the same
PURGED_AT_ONCE = 1000
KEYS = Table(
    "idempotency_keys",
    Model.metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("request", LargeBinary(32), nullable=False),
    Column("answer", Text, nullable=False),
    Column("expires_at", TZDateTime, nullable=False),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
)

Reply = tuple[HTTPStatus, Any, Any]


class KeyUsedOtherwise(Conflict):
    message = "This Idempotency-Key was sent with another request. Choose a new one for this one."


class StillRunning(Conflict):
    message = "The first request with this Idempotency-Key still runs. Send it again in a moment."

    def __init__(self) -> None:
        super().__init__()
        self.headers.append(("Retry-After", "1"))


class AnswerLost(Conflict):
    message = "What this Idempotency-Key asked for was done, but its answer can no longer be read."


@dataclass(frozen=True, slots=True)
class Once:
    """``key`` names caller, route and key; ``request`` all that was sent. Hashes, both."""

    key: bytes
    request: bytes

    @property
    def mark(self) -> str:
        return f"once:{self.key.hex()}"

    @property
    def purpose(self) -> str:
        return f"idempotency:{self.key.hex()}"


def asked_for(environ: dict[str, Any], user_id: UUID | None, raw: bytes) -> Once | None:
    """What is to be done once, if the caller is known and asks for that. Raises Invalid."""
    sent = environ.get("HTTP_IDEMPOTENCY_KEY")
    if sent is None or user_id is None:
        return None
    if not KEY.fullmatch(sent):
        raise Invalid.fields({REQUEST: ["Must be 8 to 128 printable ASCII characters."]})
    what = f"{environ['REQUEST_METHOD']} {environ['gatehouse.route']}"
    where = f"{environ.get('PATH_INFO')}?{environ.get('QUERY_STRING', '')}\n"
    return Once(
        sha256(f"{user_id}\n{what}\n{sent}".encode()).digest(),
        sha256(where.encode("utf-8", "surrogateescape") + raw).digest(),
    )


@contextmanager
def alone(runtime: Runtime, once: Once) -> Iterator[Reply | None]:
    """Hold the mark and give the answer that is stored already, if any.

    Raises StillRunning, KeyUsedOtherwise or AnswerLost.
    """
    is_ours = runtime.guards.put(once.mark, b"", MARK_LIFE, only_if_absent=True)
    try:
        stored = _stored(runtime, once)
        if stored is None and not is_ours:
            raise StillRunning
        yield stored
    finally:
        if is_ours:
            runtime.guards.delete(once.mark)


def keep(ctx: Context, once: Once, reply: Reply) -> None:
    """Store the answer with the act. Raises StillRunning if another has done the same meanwhile."""
    status, data, meta = reply
    content = envelope.encode({"status": status.value, "data": data, "meta": meta})
    values = {
        "key": once.key,
        "request": once.request,
        "answer": ctx.runtime.keyring.seal(content, once.purpose),
        "expires_at": ctx.now + LIFE,
    }
    row = insert_into(KEYS, ctx.runtime.engine.dialect).values(values)
    unless_living = row.on_conflict_do_update(
        index_elements=["key"], set_=values, where=KEYS.c.expires_at <= ctx.now
    )
    if ctx.db.execute(unless_living.returning(KEYS.c.expires_at)).first() is None:
        raise StillRunning


def sealed_answers(ctx: Context, *, limit: int) -> list[tuple[str, str]]:
    """The newest answers that may still be asked for, each with the purpose it was sealed for."""
    living = select(KEYS.c.key, KEYS.c.answer).where(KEYS.c.expires_at > ctx.now)
    rows = ctx.db.execute(living.order_by(KEYS.c.expires_at.desc()).limit(limit))
    return [(row.answer, Once(row.key, b"").purpose) for row in rows]


def purge(ctx: Context) -> int:
    """Delete a batch of keys that are over. Returns how many that were."""
    over = select(KEYS.c.key).where(KEYS.c.expires_at <= ctx.now).limit(PURGED_AT_ONCE)
    return ctx.execute(delete(KEYS).where(KEYS.c.key.in_(over.scalar_subquery())))


def _stored(runtime: Runtime, once: Once) -> Reply | None:
    living = select(KEYS.c.request, KEYS.c.answer).where(
        KEYS.c.key == once.key, KEYS.c.expires_at > datetime.now(UTC)
    )
    with runtime.short.connect() as db:
        row = db.execute(living).first()
    if row is None:
        return None
    if row.request != once.request:
        raise KeyUsedOtherwise
    try:
        found = orjson.loads(runtime.keyring.open(row.answer, once.purpose))
    except CannotOpen:
        raise AnswerLost from None
    return HTTPStatus(found["status"]), found["data"], found["meta"]
