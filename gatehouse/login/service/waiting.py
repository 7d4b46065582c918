"""A sign-in that waits for a factor: found, tried, and gone on with once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update

from gatehouse.accounts.service import Proof
from gatehouse.core.context import Context
from gatehouse.core.tokens import hash_token, is_well_formed
from gatehouse.login.errors import PendingOver
from gatehouse.login.models import PendingLogin
from gatehouse.login.service.gate import PENDING, Entry, enter
from gatehouse.mfa.service import Proven

MOST_TRIES = 5
WAITING = PendingLogin.metadata.tables[PendingLogin.__tablename__]
# Made once: that takes longer than to run them.
CLOSED = (
    update(WAITING)
    .where(WAITING.c.id == bindparam("pending"), WAITING.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)

Which = tuple[Any, ...]
Prove = Callable[[Row[Any]], Proven]


def by_token(token: str) -> Which:
    """Raises PendingOver if this is no such token."""
    if not is_well_formed(token, PENDING):
        raise PendingOver
    return (WAITING.c.token_hash == hash_token(token),)


def by_browser(pending_id: UUID, browser: str) -> Which:
    return WAITING.c.id == pending_id, WAITING.c.browser_hash == hash_token(browser)


def find_waiting(ctx: Context, which: Which) -> UUID | None:
    """Who waits, while that lasts."""
    found: UUID | None = ctx.db.scalar(select(WAITING.c.user_id).where(*_living(ctx), *which))
    return found


def go_on(ctx: Context, which: Which, prove: Prove) -> Entry:
    """Let somebody in whose factor is right. Raises PendingOver, and what ``prove`` raises."""
    waiting = _try(ctx, which)
    factor = prove(waiting)
    _close(ctx, waiting.id)
    entry = Entry(
        user_id=waiting.user_id,
        amr=(*waiting.amr.split(), *factor.amr),
        remember_me=waiting.remember_me,
        is_new_device=waiting.is_new_device,
        model=factor.model,
        proof=_proof(waiting.user_id, waiting.proved_at),
        factor=factor,
    )
    return enter(ctx, entry)


def _living(ctx: Context) -> Which:
    return (
        WAITING.c.tries < MOST_TRIES,
        WAITING.c.used_at.is_(None),
        WAITING.c.expires_at > ctx.now,
    )


def _try(ctx: Context, which: Which) -> Row[Any]:
    """Count a try before anybody looks at it, in a statement of its own: of any number at once no
    more than five are looked at.
    """
    tried = update(WAITING).where(*_living(ctx), *which).values(tries=WAITING.c.tries + 1)
    ctx.stay_out_of_the_transaction()
    with ctx.runtime.short.connect() as db:
        row = db.execute(tried.returning(WAITING)).first()
    if row is None:
        raise PendingOver
    return row


def _close(ctx: Context, pending_id: UUID) -> None:
    if not ctx.execute(CLOSED, {"pending": pending_id, "now": ctx.now}):
        raise PendingOver


def _proof(user_id: UUID, changed_at: datetime | None) -> Proof | None:
    return Proof(user_id, "", changed_at) if changed_at is not None else None
