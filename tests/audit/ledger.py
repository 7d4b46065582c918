"""A record of one's own: filled, sealed, tampered with and verified."""

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask
from sqlalchemy import delete, func, insert, select, text

from gatehouse.audit.models import BLOCK_ENTRIES, AuditBlock, AuditEntry, AuditRetention
from gatehouse.audit.rules.hashing import least_id
from gatehouse.audit.service import Verification
from gatehouse.core.context import Actor, Origin, unit_of_work

if TYPE_CHECKING:
    from gatehouse.core.runtime import Runtime

TABLES = ("audit_entries", "audit_blocks", "audit_block_entries", "audit_retention")
LINKS = BLOCK_ENTRIES.c


def id_of(moment: datetime) -> UUID:
    """A UUIDv7 as it would have been made at ``moment``."""
    return UUID(int=least_id(moment).int | 7 << 76 | 2 << 62 | random.getrandbits(62))


class Ledger:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.runtime: Runtime = app.extensions["gatehouse"]
        self.is_sqlite = self.runtime.engine.dialect.name == "sqlite"

    def fill(self, amount: int, ago: timedelta = timedelta(minutes=5), **fields: Any) -> list[UUID]:
        """Write entries, a millisecond apart from ``ago`` on; return their ids in that order."""
        start = datetime.now(UTC) - ago
        rows = [
            {
                "created_at": (at := start + timedelta(milliseconds=n)),
                "id": id_of(at),
                "action": f"test.act_{n}",
                "actor_kind": "job",
                "resource_type": "",
                "request_id": "test-ledger",
                "success": True,
                "details": {"n": n, "text": "é\u2028"},
                **fields,
            }
            for n in range(amount)
        ]
        with self.runtime.engine.begin() as db:
            db.execute(insert(AuditEntry), rows)
        return [row["id"] for row in rows]

    def run(self, job: str) -> int:
        """Run a job until nothing is left to do; return how many things it did."""
        total = 0
        while done := self.run_once(job):
            total += done
        return total

    def run_once(self, job: str) -> int:
        with unit_of_work(self.runtime, Origin(f"job-{job}"), Actor(kind="job")) as ctx:
            return self.runtime.jobs[job].run(ctx)

    def seal(self) -> int:
        return self.run("seal_audit")

    def disarm(self) -> None:
        """Drop every trigger, as somebody who owns the tables can."""
        with self.runtime.engine.begin() as db:
            for table in TABLES:
                if not self.is_sqlite:
                    db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            if self.is_sqlite:
                names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                for name in db.scalars(text(names)).all():
                    db.execute(text(f"DROP TRIGGER {name}"))

    def tamper(self, *statements: Any) -> None:
        self.disarm()
        self.execute(*statements)

    def execute(self, *statements: Any) -> None:
        with self.runtime.engine.begin() as db:
            for statement in statements:
                db.execute(text(statement) if isinstance(statement, str) else statement)

    def verify(self, heads: Iterable[str] = ()) -> tuple[Verification, list[Any]]:
        with unit_of_work(self.runtime, Origin("verify"), reads_only=True) as ctx:
            check = Verification(ctx)
            return check, list(check.findings(heads))

    def findings(self, heads: Iterable[str] = ()) -> list[Any]:
        return self.verify(heads)[1]

    def blocks(self) -> list[AuditBlock]:
        return self.all(select(AuditBlock).order_by(AuditBlock.number))

    def purged(self) -> list[AuditRetention]:
        return self.all(select(AuditRetention).order_by(AuditRetention.block_number))

    def entries(self, *conditions: Any) -> list[AuditEntry]:
        return self.all(select(AuditEntry).where(*conditions).order_by(AuditEntry.id))

    def sealed_ids(self, number: int) -> list[UUID]:
        rows = select(LINKS.entry_id).where(LINKS.block_number == number).order_by(LINKS.position)
        return self.all(rows)

    def count(self, table: Any) -> int:
        with self.runtime.reading() as db:
            return db.scalar(select(func.count()).select_from(table))

    def all(self, statement: Any) -> list[Any]:
        with self.runtime.reading() as db:
            return list(db.scalars(statement))


def heads_of(ledger: Ledger) -> list[str]:
    return [
        json.dumps(
            {
                "number": block.number,
                "newest_id": str(block.newest_id),
                "hash": block.hash.hex(),
            }
        )
        for block in ledger.blocks()
    ]


def cut_off_the_tail(ledger: Ledger) -> UUID:
    """Remove the third block with all that is in it, and whatever came after."""
    newest, before = ledger.blocks()[2], ledger.blocks()[1]
    ledger.tamper(
        delete(BLOCK_ENTRIES).where(LINKS.block_number == 3),
        delete(AuditBlock).where(AuditBlock.number == 3),
        delete(AuditEntry).where(AuditEntry.id > before.newest_id),
    )
    return newest.newest_id
