"""How often clients are used: counted in the process, written at most once a minute and when the
process ends in good order.
"""

from collections import Counter
from datetime import UTC, date, datetime
from multiprocessing.util import Finalize
from threading import Lock, Timer
from uuid import UUID

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from uuid_utils.compat import uuid7

from gatehouse.clients.models import Client, ClientUse
from gatehouse.core.context import Context
from gatehouse.core.db import insert_into
from gatehouse.core.logging import LOGGER
from gatehouse.core.runtime import Runtime

PERIOD = 60  # seconds
USES = ClientUse.__table__

Place = tuple[UUID, date, str]


class Uses:
    """What this process counted since it last wrote, and who writes it: a timer, or the end.

    The end is not ``atexit``: a worker of granian is a process of multiprocessing, which asks only
    its own finalizers. Every other process asks those, too.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Place] = Counter()
        self._last: dict[UUID, datetime] = {}
        self._timer: Timer | None = None
        self._at_end: Finalize | None = None

    def note(self, engine: Engine, client_row_id: UUID, kind: str, now: datetime) -> None:
        """Count one use. The first of a minute sets the timer."""
        with self._lock:
            self._counts[client_row_id, now.astimezone(UTC).date(), kind] += 1
            self._last[client_row_id] = now
            if self._timer is None:
                self._timer = Timer(PERIOD, self.write, (engine,))
                self._timer.daemon = True
                self._timer.start()
                self._at_end = Finalize(None, self.write, (engine,), exitpriority=0)

    def write(self, engine: Engine) -> None:
        """Write what was counted, in short statements of its own. What cannot be written is not
        counted: nothing hangs on it.
        """
        with self._lock:
            counts, self._counts = self._counts, Counter()
            last, self._last = self._last, {}
            unneeded = (self._timer, self._at_end)
            self._timer = self._at_end = None
        for each in unneeded:
            if each is not None:
                each.cancel()
        try:
            _write(engine, counts, last)
        except SQLAlchemyError:
            LOGGER.warning("The uses of clients in the last minute were not written down.")


def note_use(ctx: Context, client_row_id: UUID, kind: str) -> None:
    """Count a use once this unit of work is committed; nothing is written on its way."""
    uses, engine, now = ctx.ports[Uses], ctx.runtime.short, ctx.now
    ctx.after_commit(lambda: uses.note(engine, client_row_id, kind, now))


def write_uses(runtime: Runtime) -> None:
    """Write what this process has counted, now."""
    runtime.ports[Uses].write(runtime.short)


def _write(engine: Engine, counts: Counter[Place], last: dict[UUID, datetime]) -> None:
    if not last:
        return
    with engine.connect() as db:
        db.detach()  # Once a minute: it is not worth a place in the pool.
        there = set(db.execute(select(Client.id).where(Client.id.in_(last))).scalars())
        # In one order everywhere, so that two processes never wait for each other.
        places = sorted((place for place in counts if place[0] in there), key=str)
        rows = [_row(place, counts[place]) for place in places]
        if not rows:
            return
        added = insert_into(USES, engine.dialect).values(rows)
        together = {"count": USES.c.count + added.excluded.count}
        keys = ["client_row_id", "day", "kind"]
        db.execute(added.on_conflict_do_update(index_elements=keys, set_=together))
        later = update(Client).where(Client.id == bindparam("row_id"))
        moments = [{"row_id": each, "moment": last[each]} for each in sorted(there)]
        db.execute(later.values(last_used_at=bindparam("moment")), moments)


def _row(place: Place, count: int) -> dict[str, object]:
    client_row_id, day, kind = place
    return {
        "id": uuid7(),
        "created_at": datetime.now(UTC),
        "client_row_id": client_row_id,
        "day": day,
        "kind": kind,
        "count": count,
    }
