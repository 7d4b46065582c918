"""A sign-in that waits for a factor: found, tried, and gone on with once."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, select, update

from gatehouse.accounts.queries import password_was_set
from gatehouse.accounts.service import Proof
from gatehouse.core.context import Context
from gatehouse.core.db import NOT_AWAITED
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.login.errors import PendingOver
from gatehouse.login.models import PendingLogin
from gatehouse.login.service.gate import PENDING, Entry, enter
from gatehouse.mfa.service import Proven

MOST_TRIES = 5
WAITING = PendingLogin.metadata.tables[PendingLogin.__tablename__]
LIVING = (
    WAITING.c.tries < MOST_TRIES,
    WAITING.c.used_at.is_(None),
    WAITING.c.expires_at > bindparam("now"),
)
# Statements are made once: that takes longer than to run them.
CLOSED = (
    update(WAITING)
    .where(
        WAITING.c.id == bindparam("pending"),
        WAITING.c.used_at.is_(None),
        WAITING.c.proved_at.is_(None) | password_was_set(WAITING.c.user_id, WAITING.c.proved_at),
    )
    .values(used_at=bindparam("now"))
)


class Way:
    """How a sign-in that waits is found again."""

    def __init__(self, *conditions: ColumnElement[bool]) -> None:
        living = (*LIVING, *conditions)
        self.found = select(WAITING.c.user_id).where(*living)
        self.tried = (
            update(WAITING)
            .where(*living)
            .values(tries=WAITING.c.tries + 1)
            .returning(WAITING, NOT_AWAITED)
        )


BY_TOKEN = Way(WAITING.c.token_hash == bindparam("token"))
BY_BROWSER = Way(
    WAITING.c.id == bindparam("pending"), WAITING.c.browser_hash == bindparam("browser")
)

Which = tuple[Way, dict[str, Any]]
Prove = Callable[[Row[Any]], Proven]


def by_token(token: str) -> Which:
    """Raises PendingOver if this is no such token."""
    if not is_well_formed(token, PENDING):
        raise PendingOver
    return BY_TOKEN, {"token": hash_token(token)}


def by_browser(pending_id: UUID, browser: str) -> Which:
    return BY_BROWSER, {"pending": pending_id, "browser": hash_token(browser)}


def find_waiting(ctx: Context, which: Which) -> UUID | None:
    """Who waits, while that lasts."""
    way, values = which
    found: UUID | None = ctx.db.scalar(way.found, {**values, "now": ctx.now})
    return found


def go_on(ctx: Context, which: Which, prove: Prove) -> Entry:
    """Let somebody in whose factor is right. Raises PendingOver, and what ``prove`` raises."""
    waiting = _try(ctx, which)
    factor = prove(waiting)
    entry = Entry(
        user_id=waiting.user_id,
        amr=(*waiting.amr.split(), *factor.amr),
        remember_me=waiting.remember_me,
        device=waiting.device,
        model=factor.model,
        proof=_proof(waiting.user_id, waiting.proved_at),
        factor=factor,
        end_waiting=partial(_end, pending_id=waiting.id),
    )
    return enter(ctx, entry)


def _try(ctx: Context, which: Which) -> Row[Any]:
    """Count a try before anybody looks at it, in a statement of its own: of any number at once no
    more than five are looked at.
    """
    way, values = which
    ctx.stay_out_of_the_transaction()
    with ctx.runtime.short.connect() as db:
        row = db.execute(way.tried, {**values, "now": ctx.now}).first()
    if row is None:
        raise PendingOver
    return row


def _end(ctx: Context, *, pending_id: UUID) -> bool:
    return ctx.execute(CLOSED, {"pending": pending_id, "now": ctx.now}) == 1


def _proof(user_id: UUID, changed_at: datetime | None) -> Proof | None:
    return Proof(user_id, "", changed_at) if changed_at is not None else None
